import ArgumentParser
import Foundation
import Landscape

struct StudyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "study",
        abstract: "Measures of all checkpoints in a folder, and how they are ordered with the generalisation gap.",
        usage: "landscape study DIR [OPTIONS]",
        discussion:
            "The argument is the folder. Losses and accuracies are of the whole training and test splits; --examples N is for the measures alone."
    )
    @Option(help: "Radius of the ball of worst cases.") var rho = 0.05
    @Option(help: "Radius of the adaptive ball, T = |θ|.") var adaptiveRho = 0.5
    @Option(help: "Deviation of each coordinate in the average case.") var deviation = 0.01
    @Option(help: "Deviation relative to each weight in the adaptive average case.") var adaptiveDeviation = 0.1
    @Option(help: "Products for the trace.") var probes = 30
    @Option(help: "Antithetic pairs of the average cases.") var samples = 20
    @OptionGroup var options: AnalysisOptions

    func validate() throws {
        guard !options.decay.isIncluded else {
            throw ValidationError(
                "--include-weight-decay: the gap between test and training loss has no weight decay in it; leave it out"
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
        guard probes >= 6 else { throw ValidationError("--probes \(probes): expected at least 6 for a standard error") }
        guard samples >= 2 else { throw ValidationError("--samples \(samples): expected at least 2") }
    }

    func run() throws {
        let paths = try checkpoints(in: options.checkpoint)
        for path in options.output.isEmpty ? [Self.picture(options.checkpoint)] : options.output {
            try Analysis.checkWritable(path)
            if [".vti", ".vtr"].contains(where: path.lowercased().hasSuffix) {
                throw UnusableRequest(
                    "-o \(path): study has no grid of numbers; expected a picture, .json, .csv or .npz")
            }
        }
        // Every file is looked at before hours of work begin.
        for path in paths where try Model(path: path).metadata.data.testExamples == nil && options.data == nil {
            throw UnusableRequest(
                "\(path): its data have no test split, and without one there is no generalisation gap; name other --data"
            )
        }
        let progress = Progress("study", quiet: options.general.quiet)
        var runs: [Study.Run] = [], contexts: [RunContext] = []
        var interruption: Interruption?
        do {
            for (number, path) in paths.enumerated() {
                let (run, its) = try measure(path) { share in
                    try progress.update(number * 100 + Int(100 * share), of: paths.count * 100, "% of each, \(path)")
                }
                runs.append(run)
                contexts.append(its)
            }
        } catch var interrupted as Interruption {
            // What was measured is reported all the same.
            guard runs.count >= Self.fewest else { throw interrupted }
            interrupted.advice = "the result is of the \(runs.count) of \(paths.count) checkpoints that were measured"
            interruption = interrupted
        }
        guard var context = RunContext.common(to: contexts) else { return }
        (context.checkpoint, context.split) = (options.checkpoint, "train")
        let report = StudyReport(context: context, study: Study(runs, seed: options.seed))
        try Analysis.finish(report, options, picture: Self.picture(options.checkpoint))
        if let interruption { throw interruption }
    }

    /// Fewer runs have no order to speak of.
    private static let fewest = 3

    private static func picture(_ folder: String) -> String {
        (folder.hasSuffix("/") ? folder : folder + "/") + "study.png"
    }

    private func checkpoints(in folder: String) throws -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw UnusableRequest("\(folder) is no folder; expected one with checkpoints (.bin), as in 'study runs'")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".bin") }.sorted()
        guard names.count >= Self.fewest else {
            throw UnusableRequest(
                "\(folder): found \(names.count) checkpoints (.bin), expected at least \(Self.fewest): a rank correlation needs several"
            )
        }
        return names.map { (folder as NSString).appendingPathComponent($0) }
    }

    private func measure(
        _ path: String, progress: @escaping (Double) throws -> Void
    ) throws -> (Study.Run, RunContext) {
        // A search's, and up to three times θ with its file's content.
        let restarts = StudyMeasures.Settings().restarts
        let search = Analysis.searchVectors(restarts: restarts, radii: 2)
        let vectors = search.lowerBound + 24...search.upperBound + 24
        func analysis(_ split: Split, examples: Int?) throws -> Analysis {
            var options = options
            (options.checkpoint, options.split, options.examples, options.output) = (path, split, examples, [])
            return try Analysis(options, command: "study", vectors: vectors)
        }
        try progress(0)
        let whole = try analysis(.train, examples: nil)
        let train = try whole.objective.evaluate(at: whole.theta)
        let test = try analysis(.test, examples: nil)
        let unseen = try test.objective.evaluate(at: test.theta)
        let measured = options.examples == nil ? whole : try analysis(.train, examples: options.examples)
        var settings = StudyMeasures.Settings()
        (settings.radius, settings.adaptiveRadius) = (rho, adaptiveRho)
        (settings.deviation, settings.adaptiveDeviation) = (deviation, adaptiveDeviation)
        (settings.pairs, settings.traceProducts, settings.seed) = (samples, probes, options.seed)
        settings.memoryLimit = measured.vectorBytes
        if options.precision == .float { settings.tolerance = 1e-4 }
        let measures = try StudyMeasures(measured.objective, at: measured.theta, settings, progress: progress)
        let run = Study.Run(
            checkpoint: path, trainLoss: train.loss, testLoss: unseen.loss, trainAccuracy: train.accuracy,
            testAccuracy: unseen.accuracy, measures: measures)
        return (run, try measured.context())
    }
}
