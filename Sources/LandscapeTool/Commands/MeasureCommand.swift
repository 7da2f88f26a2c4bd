import ArgumentParser
import Foundation
import Landscape

struct MeasureCommand: SharedCommand {
    static let configuration = CommandConfiguration(
        "measure", "Takes several measures of one checkpoint at once: loss, gradient, spectrum, sharpness, slice.",
        remark:
            "Data are read once. Each measure has the numbers that its own command gives with the same options.",
        examples: [
            "landscape measure ckpt.bin --top 5 --trace --rho 0.01,0.05 --json",
            "landscape measure ckpt.bin --measures gradient,slice --points 21x21 -o slice.npz",
        ])

    /// By the names of the commands that take one alone.
    enum Measure: String, CaseIterable {
        case evaluate, gradient, hessian, sharpness, slice

        /// The options that are of this measure alone.
        var options: [String] {
            switch self {
            case .evaluate, .gradient: []
            case .hessian: SpectrumOptions.names
            case .sharpness: SharpnessOptions.names
            case .slice: SliceOptions.names + DirectionOptions.names
            }
        }
    }

    @Argument(help: "The checkpoint.", completion: .file()) var checkpoint = "ckpt.bin"
    @Option(
        help: ArgumentHelp(
            "Which measures, with commas between them: evaluate, gradient, hessian, sharpness, slice.",
            valueName: "names"))
    var measures = "evaluate,gradient,hessian,sharpness"
    @Option(help: .weights, completion: .file()) var weights: String?
    @OptionGroup var spectrum: SpectrumOptions
    @OptionGroup var sharpness: SharpnessOptions
    @OptionGroup var shape: SliceOptions
    @OptionGroup var directions: DirectionOptions
    @Flag(help: .resume) var resume = false
    @OptionGroup var options: AnalysisOptions

    /// Those that are asked for, each once.
    private func asked() throws -> [Measure] {
        var result: [Measure] = []
        for name in measures.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            guard let measure = Measure(rawValue: name) else {
                let names = Measure.allCases.map(\.rawValue)
                throw ValidationError(
                    "--measures \(measures): found '\(name.shown)', expected names of \(names.joined(separator: ", "))\(names.suggestion(for: name))"
                )
            }
            if !result.contains(measure) { result.append(measure) }
        }
        return result
    }

    func validate() throws {
        let asked = try asked()
        if asked.contains(.hessian) {
            try spectrum.check(options.decay)
            if spectrum.isEmpty {
                throw ValidationError(
                    "--top 0 --bottom 0: nothing is asked of the spectrum; expected at least one eigenvalue, --trace, --frobenius, --density or --layers, or --measures without hessian"
                )
            }
        }
        for measure in Measure.allCases where !asked.contains(measure) {
            let given = LandscapeTool.arguments.map { String($0.prefix { $0 != "=" }) }
            if let option = measure.options.first(where: given.contains) {
                throw ValidationError(
                    "\(option) has no effect without \(measure.rawValue) among --measures; add it, or leave \(option) out"
                )
            }
        }
        if let path = options.output.first(where: { $0.lowercased().hasSuffix(".npz") }), !asked.contains(.slice) {
            throw ValidationError("-o \(path): an .npz holds the slice; add slice to --measures, or write a .json")
        }
    }

    private var axes: Int { shape.axes(directions: directions.directions) }

    func run() throws {
        let asked = try asked()
        let session = try Session(
            options, checkpoint: checkpoint, weights: weights, command: "measure",
            keys: .measures(asked.map { ($0.rawValue, keys(of: $0)) }), resumes: resume)
        let run = try MeasureRun(session, for: asked.map(need))
        var outcomes: [(name: String, outcome: MeasuresReport.Outcome)] = []
        for measure in asked {
            do {
                outcomes.append((measure.rawValue, .result(try report(measure, run))))
            } catch let error
                where error is Interruption || error is CancellationError || error is RankError || Signals.isRequested
            {
                throw error
            } catch {
                session.note(MeasureFailure(measure: measure.rawValue, problem: error))
                outcomes.append((measure.rawValue, .failure("\(error)")))
            }
        }
        let report = MeasuresReport(context: run.context(outcomes), outcomes)
        try session.finish(report) { path in
            guard path.lowercased().hasSuffix(".npz") else { return nil }
            guard let slice = report.result(of: Measure.slice.rawValue) else {
                throw MeasureFailure(measure: "-o \(path)", problem: UnusableRequest("there is no slice to write"))
            }
            return slice
        }
    }

    /// What a measure takes of a loss.
    private func need(_ measure: Measure) -> (derivative: DerivativeOrder, vectors: ClosedRange<Int>) {
        switch measure {
        case .evaluate: (.value, 0...0)
        case .gradient: (.gradient, 0...0)
        case .hessian: (.product, spectrum.analysis(seed: options.seed).vectors)
        case .sharpness:
            (
                sharpness.analysis(seed: options.seed).derivative, sharpness.analysis(seed: options.seed).vectors
            )
        case .slice: (.product, directions.vectors(along: axes))
        }
    }

    private func keys(of measure: Measure) -> [String] {
        switch measure {
        case .evaluate: []
        case .gradient: GradientCommand.keys
        case .hessian: spectrum.keys()
        case .sharpness: sharpness.keys
        case .slice: ResultKeys.slice(axes: axes, planes: directions.planes)
        }
    }

    private func report(_ measure: Measure, _ run: MeasureRun) throws -> any Report {
        let begin = Date(), session = run.session
        func context(_ loss: ModelLoss, _ evaluation: Evaluation) -> RunContext {
            session.context(loss.summary, evaluation, part: measure.rawValue, since: begin)
        }
        switch measure {
        case .evaluate:
            let loss = try run.loss(need(measure))
            return PlainReport(context: context(loss, try run.evaluation(loss)))
        case .gradient:
            let loss = try run.loss(need(measure))
            let gradient = try GradientNorms(of: loss)
            return GradientReport(context: context(loss, gradient.evaluation), gradient)
        case .hessian:
            let analysis = spectrum.analysis(seed: options.seed)
            let loss = try run.loss(need(measure))
            let result = try analysis.run(
                loss, at: loss.theta, layout: loss.model.network.parameters, monitor: session.monitor)
            return SpectrumReport(context: context(loss, try run.evaluation(loss)), result)
        case .sharpness:
            let analysis = sharpness.analysis(seed: options.seed)
            let loss = try run.loss(need(measure))
            let result = try analysis.run(loss, at: loss.theta, monitor: session.monitor)
            return SharpnessReport(context: context(loss, try run.evaluation(loss)), result)
        case .slice:
            let grid = try shape.grid(axes: axes)
            let loss = try run.loss(need(measure))
            var analysis = try directions.analysis(grid, loss, session, seed: options.seed)
            analysis.reach = shape.reach
            let result = try analysis.run(
                loss, at: loss.theta, layout: loss.model.network.parameters, monitor: session.monitor)
            var report = SliceReport(context: context(loss, result.slice.centerEvaluation), result)
            report.directionNames = directions.shown
            return report
        }
    }
}

/// What the measures of one checkpoint share: its loss, and the value of that.
private final class MeasureRun {
    let session: Session
    private var shared: ModelLoss?
    private var known: Evaluation?
    private let subject: ModelLoss.Summary

    /// Reads the checkpoint and its data, and refuses memory that is too little for any of the measures.
    ///
    /// - Parameter needs: what each of them takes.
    init(_ session: Session, for needs: [(derivative: DerivativeOrder, vectors: ClosedRange<Int>)]) throws {
        self.session = session
        let loss = try session.loss(
            derivative: needs.map(\.derivative).max() ?? .value,
            vectors: ModelLoss.vectors(forEachOf: needs.map(\.vectors)))
        (shared, subject) = (loss, loss.summary)
    }

    /// What the results have in common; L(θ) is NaN where every measure failed.
    func context(_ outcomes: [(name: String, outcome: MeasuresReport.Outcome)]) -> RunContext {
        let evaluations = outcomes.compactMap { one -> Evaluation? in
            if case .result(let report) = one.outcome { report.context.evaluation } else { nil }
        }
        return session.context(subject, evaluations.first ?? Evaluation(loss: .nan))
    }

    /// The loss, with memory for a measure's vectors. Where memory is limited, batches depend on them, and the loss is made anew.
    func loss(_ need: (derivative: DerivativeOrder, vectors: ClosedRange<Int>)) throws -> ModelLoss {
        if session.memory.limit == nil, let shared {
            try shared.makeRoom(for: need.derivative, vectors: need.vectors)
            return shared
        }
        shared = nil
        let made = try session.loss(derivative: need.derivative, vectors: need.vectors)
        shared = made
        return made
    }

    func evaluation(_ loss: ModelLoss) throws -> Evaluation {
        if let known { return known }
        let found = try loss.evaluation()
        known = found
        return found
    }
}

/// A measure that there is no result of.
private struct MeasureFailure: DescribedError {
    let measure: String, problem: any Error

    var description: String { "\(measure): \(problem)" }
    var isOfRequest: Bool { (problem as? any DescribedError)?.isOfRequest ?? false }
}
