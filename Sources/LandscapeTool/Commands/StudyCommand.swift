import ArgumentParser
import Foundation
import Landscape

struct StudyCommand: SharedCommand {
    static let configuration = CommandConfiguration(
        "study", "Measures all checkpoints in a folder, and correlates each measure with the generalisation gap.",
        usage: "landscape study DIR [OPTIONS]",
        remark:
            "Losses and accuracies are measured on the whole splits; --examples N limits the other measures only. --audit reports which measures survive small changes of the training.",
        examples: [
            "landscape study runs -o study.csv",
            "landscape study runs --examples 500 --json",
            "landscape study runs --audit again",
        ])
    @Argument(help: ArgumentHelp("The folder with the checkpoints.", valueName: "DIR"), completion: .directory)
    var folder: String
    @Option(
        help: ArgumentHelp(
            "Measures with commas between them, by their names in the JSON; 'default' or 'all' among them.",
            valueName: "names"))
    var measures = "default"
    @Option(help: ArgumentHelp("Radius of the worst case.", valueName: "radius")) var rho = 0.05
    @Option(help: ArgumentHelp("Radius of the adaptive worst case, T = |θ|.", valueName: "radius")) var adaptiveRho =
        0.5
    @Option(help: ArgumentHelp("Deviation of each weight in the average case.", valueName: "size")) var deviation = 0.01
    @Option(help: ArgumentHelp("Deviation relative to each weight in the adaptive average case.", valueName: "ratio"))
    var adaptiveDeviation = 0.1
    @Option(help: ArgumentHelp("Products for the trace.", valueName: "count")) var probes = 30
    @Option(help: ArgumentHelp("Antithetic pairs of the average cases.", valueName: "pairs")) var samples = 20
    @OptionGroup var auditing: AuditOptions
    @Flag(help: .resume) var resume = false
    @OptionGroup var figure: FigureOptions
    @OptionGroup var options: AnalysisOptions

    /// The measures that are asked for, in their order.
    private func asked() throws -> [StudyMeasures.Measure] {
        try StudyMeasures.Measure.asked(measures)
    }

    func validate() throws {
        _ = try asked()
        guard !options.decay.isIncluded else {
            throw ValidationError(
                "--include-weight-decay: weight decay cancels in the gap between test and training loss; leave it out"
            )
        }
        for (name, value) in [
            ("--rho", rho), ("--adaptive-rho", adaptiveRho), ("--deviation", deviation),
            ("--adaptive-deviation", adaptiveDeviation),
        ] {
            guard value > 0, value.isFinite else {
                throw ValidationError("\(name) \(value): expected a positive number")
            }
        }
        guard options.split == .train else {
            throw ValidationError(
                "--split \(options.split.rawValue): the measures of a study are of the training split, and the gap is between both; leave it out"
            )
        }
        guard probes >= 6 else { throw ValidationError("--probes \(probes): expected at least 6 for a standard error") }
        guard samples >= 2 else { throw ValidationError("--samples \(samples): expected at least 2") }
    }

    func run() throws {
        let keys = ResultKeys(["runs", "kendall_tau"] + (auditing.folder == nil ? [] : AuditOptions.keys))
        try keys.check(options.general.keys)
        let paths = try StudyRun.checkpoints(in: folder)
        let session = try Session(
            options, checkpoint: folder, command: "study", keys: keys, drawsPicture: true,
            picture: (folder.hasSuffix("/") ? folder : folder + "/") + "study.png",
            style: try figure.style(
                FigureStyle.Part.ofLines.subtracting([.scale, .valueRange]), on: "a study", writes: options.files),
            sources: paths,
            // Finished trainings are found in any case; what was measured may not have been kept yet.
            resumes: resume && (auditing.folder == nil || KeptWork.isThere("study", beside: folder)))
        var study = StudyRun()
        study.measures.measures = try asked()
        (study.measures.radius, study.measures.adaptiveRadius) = (rho, adaptiveRho)
        (study.measures.deviation, study.measures.adaptiveDeviation) = (deviation, adaptiveDeviation)
        (study.measures.pairs, study.measures.traceProducts) = (samples, probes)
        (study.loss, study.seed) = (try options.lossSettings(), options.seed)
        study.audit = auditing.audit
        if let folder = auditing.folder { KeptWork.alsoKeeps(in: folder) }
        let result = try study.run(paths, memory: session.memory, monitor: session.monitor)
        let report = StudyReport(result, folder: folder, seed: options.seed, seconds: session.seconds)
        try session.finish(report)
        if let interruption = result.interruption { throw interruption }
    }
}
