import Analyses
import ArrayFiles
import Datasets
import Essentials
import Foundation
import Models
import Objectives

/// Slices, sharpness and spectrum of one checkpoint or more as pictures, data, and one page that needs nothing else.
///
/// Under every heading of the page stands the command that makes what follows.
public struct ReportRun {
    /// Radius of the worst case, and deviation of each weight in the average case; 0.05 as in SAM (Foret et al. 2021).
    public var radius = 0.05
    /// Points along each axis of the slice over a plane, and its tolerance (see `SliceAnalysis.tolerance`); 41 and 0.02, ours.
    public var points = 41, tolerance = 0.02
    /// Which examples, in what arithmetic, and which loss exactly.
    public var loss = ModelLoss.Settings()
    /// What the process may take.
    public var memory = MemoryBudget(limit: MemoryBudget.defaultLimit)
    /// Of everything random.
    public var seed: UInt64 = 0
    /// Options that all commands share, as they are shown on the page.
    public var sharedOptions: [String] = []
    /// Told which command is being carried out.
    public var onSection: (_ command: String) -> Void = { _ in }

    /// The settings that `landscape report` has without options.
    public init() {}

    /// Measures the checkpoints and writes the files.
    ///
    /// - Parameters:
    ///   - checkpoints: their paths; with several, a comparison comes first.
    ///   - folder: where the files go; made if it is not there, once the checkpoints are read.
    ///   - monitor: told of the progress; what it throws ends the work.
    /// - Returns: the paths of what was written, `index.html` last.
    public func run(_ checkpoints: [String], to folder: String, monitor: Monitor = .silent) throws -> [String] {
        let models = try checkpoints.map { try Model.open($0) }
        let isNew = try make(folder)
        do {
            return try write(checkpoints, models, to: folder, monitor)
        } catch {
            // A folder in which something was kept stays.
            if isNew { rmdir(folder) }
            throw error
        }
    }

    private func write(
        _ checkpoints: [String], _ models: [Model], to folder: String, _ monitor: Monitor
    ) throws -> [String] {
        var page = Page(folder: folder, run: self)
        page.web.title = "Loss landscape of \(checkpoints.joined(separator: ", "))"
        page.web.blocks.append(
            .paragraph(
                "Made by \(Software.name). Under every heading is the command that made what follows; its data are beside this page. "
                    + "Sharpness values are increases over the loss. Rescaling the weights changes them without changing the function; no flatness is better by itself."
            ))
        if checkpoints.count > 1 {
            let heading = "All, side by side"
            do {
                try page.add(
                    heading, ["compare"] + checkpoints + ["--rho", "\(radius)"], "compare"
                ) { started in
                    var comparison = Comparison(radius: radius)
                    (comparison.loss, comparison.seed) = (loss, seed)
                    let entries = try comparison.run(checkpoints, memory: memory, monitor: monitor)
                    return ComparisonReport(
                        entries, radius: radius, seed: seed, seconds: Date().timeIntervalSince(started))
                }
            } catch let zero as Comparison.NoSlice {
                page.web.blocks += [.heading(heading), .paragraph("Left out: \(zero.problem).")]
            }
        }
        for (index, checkpoint) in checkpoints.enumerated() {
            let stem = (((checkpoint as NSString).lastPathComponent) as NSString).deletingPathExtension
            try add(
                checkpoint, models[index], checkpoints.count > 1 ? "\(index + 1)-\(stem)" : stem, &page, monitor)
        }
        return try page.finish()
    }

    /// Whether the folder was made, and not there before.
    private func make(_ folder: String) throws -> Bool {
        guard !folder.isEmpty else { throw UnusableRequest("-o: found an empty name, expected a folder to write to") }
        if FilePath.exists(folder) {
            guard RandomAccessFile.isFolder(folder) else {
                throw UnusableRequest("-o \(folder): it is a file; name a folder")
            }
            return false
        }
        do {
            try FilePath.makeFolder(folder)
        } catch {
            throw UnusableRequest("-o \(folder): cannot make this folder; name another place")
        }
        return true
    }

    /// Adds a slice: with its own normalisation, or without one where that makes a direction zero; where there is none
    /// without one either, the page says why.
    private func addSlice(
        _ page: inout Page, _ heading: String, _ command: [String], _ name: String,
        _ make: (_ normalization: DirectionNormalization?, _ started: Date) throws -> any Report
    ) throws {
        do {
            try page.add(heading, command, name) { try make(nil, $0) }
        } catch let scaled as SliceAnalysis.ZeroDirection {
            do {
                try page.add(heading, command + ["--normalization", "none"], name) { try make(.some(.none), $0) }
                page.web.blocks.append(.paragraph("The directions are not scaled to the weights: \(scaled.problem)."))
            } catch let unscaled as SliceAnalysis.ZeroDirection {
                page.web.blocks += [
                    .heading(heading),
                    .paragraph("Left out: \(scaled.problem), and without normalisation \(unscaled.problem)."),
                ]
            }
        }
    }

    /// Everything of one checkpoint.
    private func add(_ checkpoint: String, _ model: Model, _ name: String, _ page: inout Page, _ monitor: Monitor)
        throws
    {
        func open(_ vectors: ClosedRange<Int>) throws -> ModelLoss {
            try ModelLoss(model, name: checkpoint, loss, vectors: vectors, memory: memory, monitor: monitor)
        }
        func context(_ command: String, _ subject: ModelLoss, _ evaluation: Evaluation, _ started: Date) -> RunContext {
            RunContext(
                command: command, subject.summary, evaluation, seed: seed, seconds: Date().timeIntervalSince(started))
        }
        let hasOther = loss.data == nil && model.metadata.data.testExamples != nil
        try addSlice(
            &page, "\(checkpoint): along one direction", ["slice", checkpoint] + (hasOther ? ["--both-splits"] : []),
            name + ".slice"
        ) { normalization, started in
            let subject = try open(SliceAnalysis.vectors)
            var slice = SliceAnalysis(SliceGrid(SliceAxis(range: -1...1, points: 51)))
            (slice.seed, slice.normalization) = (seed, normalization)
            let result = try slice.run(
                subject, at: subject.theta, other: hasOther ? try subject.onOtherSplit() : nil,
                layout: subject.model.network.parameters, monitor: monitor)
            return SliceReport(context: context("slice", subject, result.slice.centerEvaluation, started), result)
        }
        try addSlice(
            &page, "\(checkpoint): over a plane",
            ["slice", checkpoint, "--dims", "2", "--points", "\(points)", "--adaptive", "\(tolerance)"], name + ".plane"
        ) { normalization, started in
            let subject = try open(SliceAnalysis.vectors)
            let axis = SliceAxis(range: -1...1, points: points)
            var slice = SliceAnalysis(SliceGrid(axis, axis))
            (slice.seed, slice.tolerance, slice.normalization) = (seed, tolerance, normalization)
            let result = try slice.run(
                subject, at: subject.theta, layout: subject.model.network.parameters, monitor: monitor)
            return SliceReport(context: context("slice", subject, result.slice.centerEvaluation, started), result)
        }
        try page.add(
            "\(checkpoint): sharpness", ["sharpness", checkpoint, "--rho", "\(radius)", "--measure", "all"],
            name + ".sharpness"
        ) { started in
            var sharpness = SharpnessAnalysis(radii: [radius])
            (sharpness.measures, sharpness.seed) = (.all, seed)
            let subject = try open(sharpness.vectors)
            let result = try sharpness.run(subject, at: subject.theta, monitor: monitor)
            return SharpnessReport(context: context("sharpness", subject, try subject.evaluation(), started), result)
        }
        let top = min(5, model.theta.count)
        try page.add(
            "\(checkpoint): spectrum of the Hessian",
            ["hessian", checkpoint, "--top", "\(top)", "--trace", "--density"], name + ".hessian"
        ) { started in
            var spectrum = SpectrumAnalysis(largest: top)
            (spectrum.estimatesTrace, spectrum.estimatesDensity, spectrum.seed) = (true, true, seed)
            let subject = try open(spectrum.vectors)
            let result = try spectrum.run(subject, at: subject.theta, monitor: monitor)
            return SpectrumReport(context: context("hessian", subject, try subject.evaluation(), started), result)
        }
    }
}

/// The page under way, and the files beside it.
private struct Page {
    let folder: String
    let run: ReportRun
    var web = WebPage(title: "")
    private var files: [String] = []

    init(folder: String, run: ReportRun) { (self.folder, self.run) = (folder, run) }

    private func path(_ name: String) -> String { (folder as NSString).appendingPathComponent(name) }

    /// Makes a result, writes its picture and data under a name, and shows it under a heading.
    mutating func add(
        _ heading: String, _ command: [String], _ name: String, _ make: (_ started: Date) throws -> any Report
    ) throws {
        let words = "landscape " + (command + run.sharedOptions).joined(separator: " ")
        run.onSection(words)
        let report = try make(Date())
        let paths = ["png", "npz", "json"].map { path("\(name).\($0)") }
        let picture = try report.encoded(for: paths[0])
        try AtomicFile.write(picture, to: paths[0])
        for path in paths.dropFirst() { try report.write(to: path) }
        files += paths
        web.blocks += [
            .heading(heading), .printed(words), .picture(png: picture, description: heading),
            .printed((report.context.lines + report.lines).joined(separator: "\n") + "\n"),
        ]
    }

    /// Writes the page.
    func finish() throws -> [String] {
        let index = path("index.html")
        try AtomicFile.write(Array(web.html.utf8), to: index)
        return files + [index]
    }
}
