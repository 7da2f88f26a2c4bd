import ArgumentParser
import Landscape

/// Whether the recipes of a study are trained again, and with which changes.
struct AuditOptions: ParsableArguments {
    @Option(
        name: .customLong("audit"),
        help: ArgumentHelp(
            "Train each recipe again with other seeds, learning rates and batch sizes, and report which measures survive. The checkpoints go into this folder; those that are there are not trained again.",
            valueName: "folder"),
        completion: .directory)
    var folder: String?
    @Option(
        name: .customLong("audit-seeds"),
        help: ArgumentHelp("Other seeds of each recipe (default: 2).", valueName: "count"))
    var seeds: Int?
    @Option(
        name: .customLong("audit-lr"),
        help: ArgumentHelp(
            "Factor by which the learning rate is multiplied and divided (default: 1.1; 1 for no such change).",
            valueName: "factor"))
    var learningRateFactor: Double?
    @Option(
        name: .customLong("audit-batch-size"),
        help: ArgumentHelp(
            "Factor by which the batch size is multiplied and divided (default: 1.25; 1 for no such change).",
            valueName: "factor"))
    var batchSizeFactor: Double?

    func validate() throws {
        let given = [
            ("--audit-seeds", seeds != nil), ("--audit-lr", learningRateFactor != nil),
            ("--audit-batch-size", batchSizeFactor != nil),
        ].filter(\.1).map(\.0)
        if folder == nil, let option = given.first {
            throw ValidationError("\(option) has no effect without --audit FOLDER; add it, or leave \(option) out")
        }
        if let seeds, !(0...Self.mostSeeds ~= seeds) {
            throw ValidationError("--audit-seeds \(seeds): expected a whole number from 0 to \(Self.mostSeeds)")
        }
        for (name, factor) in [("--audit-lr", learningRateFactor), ("--audit-batch-size", batchSizeFactor)] {
            if let factor, !(1...Self.largestFactor ~= factor) {
                throw ValidationError(
                    "\(name) \(factor): expected a factor from 1 to \(Int(Self.largestFactor)), such as 1.1")
            }
        }
    }

    /// What the study is to do; nil for no audit.
    var audit: StudyRun.Audit? {
        guard let folder else { return nil }
        var audit = StudyRun.Audit(folder: folder)
        if let seeds { audit.changes.seeds = seeds }
        if let learningRateFactor { audit.changes.learningRateFactor = learningRateFactor }
        if let batchSizeFactor { audit.changes.batchSizeFactor = batchSizeFactor }
        audit.keepEvery = KeptWork.interval
        return audit
    }

    /// What the result has with an audit.
    static let keys = ResultKeys.members("audit", "folder seeds lr_factor batch_size_factor trainings measures")

    /// Bounds of what can be called a small change, and of a day's work.
    private static let mostSeeds = 1000, largestFactor = 100.0
}
