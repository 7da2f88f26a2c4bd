import Analyses
import ArrayFiles
import Datasets
import Essentials
import Foundation
import Models
import Objectives
import Plotting

/// Slices, sharpness and spectrum of one checkpoint or more as pictures, data, and one page that needs nothing else.
///
/// The page names the command that makes each result.
public struct ReportRun {
    /// Radius of the worst case, and deviation of each weight in the average case; 0.05 as in SAM (Foret et al. 2021).
    public var radius = 0.05
    /// Points along each axis of the slice over a plane, and its tolerance (see `SliceAnalysis.tolerance`); 41 and 0.02, ours.
    public var points = 41, tolerance = 0.02
    /// Measures that the page has rows of beside its own; none by default.
    public var measures: [StudyMeasures.Measure] = []
    /// Which examples, in what arithmetic, and which loss exactly.
    public var loss = ModelLoss.Settings()
    /// What the process may take.
    public var memory = MemoryBudget()
    /// Of everything random.
    public var seed: UInt64 = 0
    /// Options that all commands share, as they are shown on the page.
    public var sharedOptions: [String] = []
    /// How pictures are drawn, in files and on the page; the page's interactive ones take its colours of maps.
    public var style = FigureStyle()
    /// Whether an adaptive slice is refined by the logarithm of the loss.
    public var isLogarithmic = false
    /// Options by which a command draws a picture that has these parts in the same style, as they are shown on the page.
    public var styleOptions: (_ parts: Set<FigureStyle.Part>) -> [String] = { _ in [] }
    /// Told which command is being carried out, and what of the style a picture has no data for.
    public var onRemark: (_ line: String) -> Void = { _ in }

    /// Those that can be named: all that no report has anyway.
    public static let measures = Comparison.measures.filter {
        !(Comparison.defaults + [.critical, .directional]).contains($0)
    }

    /// The settings that `landscape report` has without options.
    public init() {}

    /// Sharpness is measured at these multiples of the radius.
    private static let multiples = [0.25, 0.5, 1, 2, 4]
    /// What pictures have whose axes are of their own kind.
    private static let linesAlone = FigureStyle.Part.ofLines.subtracting([.scale, .valueRange])
    private var radii: [Double] { Self.multiples.map { $0 * radius } }

    /// Measures the checkpoints and writes the files.
    ///
    /// - Parameters:
    ///   - checkpoints: their paths. A folder stands for the last checkpoint in it, and adds the path of the training.
    ///   - folder: where the files go; made if it is not there, once the checkpoints are read.
    ///   - monitor: told of the progress; what it throws ends the work.
    /// - Returns: the paths of what was written, `index.html` last.
    public func run(_ checkpoints: [String], to folder: String, monitor: Monitor = .silent) throws -> [String] {
        let sources = try checkpoints.map { try ReportSource($0) }
        let isNew = try make(folder)
        do {
            return try write(sources, to: folder, monitor)
        } catch {
            // A folder in which something was kept stays.
            if isNew { rmdir(folder) }
            throw error
        }
    }

    private func write(_ sources: [ReportSource], to folder: String, _ monitor: Monitor) throws -> [String] {
        var files = ReportFiles(folder: folder, run: self)
        let labels = ReportSubject.labels(sources.map { $0.folder ?? $0.path })
        if memory.limit != nil { for source in sources { try checkMemory(for: source, monitor) } }
        let subjects = try sources.indices.map { index in
            let stem = sources[index].stem
            return try subject(
                sources[index], labels[index], sources.count > 1 ? "\(index + 1)-\(stem)" : stem, &files, monitor)
        }
        if subjects.count > 1 { try compare(subjects, &files) }
        return try files.finish(try ReportPage(subjects: subjects, files: files, style: style).html)
    }

    /// Whether the folder was made, and not there before.
    private func make(_ folder: String) throws -> Bool {
        guard !folder.isEmpty else { throw UnusableRequest("-o: found an empty name, expected a folder to write to") }
        if FilePath.exists(folder) {
            guard RandomAccessFile.isFolder(folder) else {
                throw UnusableRequest("-o \(folder): it is a file; name a folder")
            }
            try ReportFiles.checkPage(in: folder)
            return false
        }
        do {
            try FilePath.makeFolder(folder)
        } catch {
            throw UnusableRequest("-o \(folder): cannot make this folder; name another place")
        }
        return true
    }

    /// The results of all side by side, as `compare` has them, from the numbers that are on the page.
    private func compare(_ subjects: [ReportSubject], _ files: inout ReportFiles) throws {
        var entries: [Comparison.Entry] = []
        for subject in subjects {
            guard let entry = subject.entry else {
                files.remarks.append("Left out: \(subject.path): it has no scaled slice to compare")
                return
            }
            entries.append(entry)
        }
        _ = try files.add("All, side by side", nil, "compare") { _ in
            ComparisonReport(entries, radius: radius, seed: seed)
        }
    }

    // MARK: One checkpoint

    private func subject(
        _ source: ReportSource, _ label: String, _ name: String, _ files: inout ReportFiles, _ monitor: Monitor
    ) throws -> ReportSubject {
        let checksum = try source.checksum
        let hasOther = loss.data == nil && source.model.metadata.data.testExamples != nil
        let line = try slice(
            source, "\(label): along one direction", SliceGrid(SliceAxis(range: -1...1, points: 51)),
            hasOther ? ["--both-splits"] : [], name + ".slice", hasOther: hasOther, &files, monitor)
        let axis = SliceAxis(range: -1...1, points: points)
        let plane = try slice(
            source, "\(label): over a plane", SliceGrid(axis, axis),
            ["--dims", "2", "--points", "\(points)", "--adaptive", "\(tolerance)"], name + ".plane", &files, monitor)
        var summary: ModelLoss.Summary?
        let sharpness = try files.add(
            "\(label): sharpness",
            [
                "sharpness", source.path, "--rho", radii.map { "\($0)" }.joined(separator: ","), "--measure",
                "all,critical,directional",
            ],
            name + ".sharpness", Self.linesAlone
        ) { started in
            let sharpness = sharpnessAnalysis
            let subject = try open(source, sharpness.vectors, monitor)
            summary = subject.summary
            let result = try sharpness.run(subject, at: subject.theta, monitor: monitor)
            return SharpnessReport(context: context("sharpness", subject, try subject.evaluation(), started), result)
        }.withoutVectors
        let top = spectrumAnalysis(source).largest
        let spectrum = try files.add(
            "\(label): spectrum of the Hessian",
            ["hessian", source.path, "--top", "\(top)", "--trace", "--density"], name + ".hessian", Self.linesAlone
        ) { started in
            let spectrum = spectrumAnalysis(source)
            let subject = try open(source, spectrum.vectors, monitor)
            let result = try spectrum.run(subject, at: subject.theta, monitor: monitor)
            return SpectrumReport(context: context("hessian", subject, try subject.evaluation(), started), result)
        }.withoutVectors
        return ReportSubject(
            path: source.path, label: label, metadata: source.model.metadata,
            parameters: source.model.network.parameters.count,
            checksum: checksum, summary: summary!, line: line, plane: plane, sharpness: sharpness, spectrum: spectrum,
            trajectory: try trajectory(source, label, name + ".trajectory", &files, monitor),
            others: try others(source, label, monitor), radius: radius,
            mostExamples: loss.examples)
    }

    /// Measures beside those that every report has; nil where none are asked for.
    private func others(_ source: ReportSource, _ label: String, _ monitor: Monitor) throws -> StudyMeasures? {
        guard !measures.isEmpty else { return nil }
        onRemark("other measures of \(label): \(measures.map(\.rawValue).joined(separator: ", "))")
        let subject = try open(source, otherVectors, monitor)
        var settings = StudyMeasures.Settings()
        (settings.measures, settings.radius, settings.seed) = (measures, radius, seed)
        settings.suit(subject)
        return try StudyMeasures(subject, at: subject.theta, settings) {
            try monitor.update("measures", Int(100 * $0), of: 100, "%")
        }
    }

    private var otherVectors: ClosedRange<Int> {
        var comparison = Comparison(radius: radius)
        comparison.measures = measures
        return comparison.vectors
    }

    private var sharpnessAnalysis: SharpnessAnalysis {
        var analysis = SharpnessAnalysis(radii: radii)
        (analysis.measures, analysis.seed) = ([.all, .critical, .directional], seed)
        return analysis
    }

    private func spectrumAnalysis(_ source: ReportSource) -> SpectrumAnalysis {
        var analysis = SpectrumAnalysis(largest: min(5, source.model.network.parameters.count))
        (analysis.estimatesTrace, analysis.estimatesDensity, analysis.seed) = (true, true, seed)
        return analysis
    }

    /// Refuses memory that is too little for any of the analyses, before the first.
    private func checkMemory(for source: ReportSource, _ monitor: Monitor) throws {
        var needs = [
            SliceAnalysis.vectors(along: 2), sharpnessAnalysis.vectors, spectrumAnalysis(source).vectors,
        ]
        if !measures.isEmpty { needs.append(otherVectors) }
        if let folder = source.folder {
            let checkpoints = try FilePath.names(in: folder).count { $0.hasSuffix(".bin") }
            needs.append(TrajectoryAnalysis.vectors(checkpoints: checkpoints))
        }
        _ = try open(source, ModelLoss.vectors(forEachOf: needs), monitor)
    }

    private func open(_ source: ReportSource, _ vectors: ClosedRange<Int>, _ monitor: Monitor) throws -> ModelLoss {
        try ModelLoss(source.model, name: source.path, loss, vectors: vectors, memory: memory, monitor: monitor)
    }

    private func context(_ command: String, _ subject: ModelLoss, _ evaluation: Evaluation, _ started: Date)
        -> RunContext
    {
        RunContext(
            command: command, subject.summary, evaluation, seed: seed, seconds: Date().timeIntervalSince(started))
    }

    /// A slice: with its own normalisation, or without one where that makes a direction zero. Where there is none without one either, the
    /// page says why.
    private func slice(
        _ source: ReportSource, _ heading: String, _ grid: SliceGrid, _ options: [String], _ name: String,
        hasOther: Bool = false, _ files: inout ReportFiles, _ monitor: Monitor
    ) throws -> SliceReport? {
        func run(_ normalization: DirectionNormalization?, _ options: [String]) throws -> SliceReport {
            let parts = grid.beta == nil ? FigureStyle.Part.ofLines : FigureStyle.Part.ofMaps
            return try files.add(heading, ["slice", source.path] + options, name, parts) { started in
                let subject = try open(source, SliceAnalysis.vectors(along: grid.dimension), monitor)
                var slice = SliceAnalysis(grid)
                (slice.seed, slice.normalization) = (seed, normalization)
                if grid.beta != nil { (slice.tolerance, slice.isLogarithmic) = (tolerance, isLogarithmic) }
                let result = try slice.run(
                    subject, at: subject.theta, other: hasOther ? try subject.onOtherSplit() : nil,
                    layout: subject.model.network.parameters, monitor: monitor)
                return SliceReport(context: context("slice", subject, result.slice.centerEvaluation, started), result)
            }.withoutVectors
        }
        do {
            return try run(nil, options)
        } catch let scaled as SliceAnalysis.ZeroDirection {
            do {
                let report = try run(.some(.none), options + ["--normalization", "none"])
                files.remarks.append("\(heading): the directions are not scaled to the weights: \(scaled.problem).")
                return report
            } catch let unscaled as SliceAnalysis.ZeroDirection {
                files.remarks.append(
                    "\(heading): left out: \(scaled.problem), and without normalisation \(unscaled.problem).")
                return nil
            }
        }
    }

    /// The path of the training, where a folder was given.
    private func trajectory(
        _ source: ReportSource, _ label: String, _ name: String, _ files: inout ReportFiles, _ monitor: Monitor
    ) throws -> TrajectoryReport? {
        guard let folder = source.folder else { return nil }
        do {
            return try files.add(
                "\(label): path of the training",
                ["trajectory", folder, "--points", "\(points)", "--adaptive", "\(tolerance)"], name,
                FigureStyle.Part.ofMaps
            ) { started in
                let path = try CheckpointFolder(folder)
                let subject = try open(
                    source, TrajectoryAnalysis.vectors(checkpoints: path.models.count), monitor)
                var analysis = TrajectoryAnalysis()
                analysis.points = (points, points)
                (analysis.tolerance, analysis.isLogarithmic, analysis.seed) = (tolerance, isLogarithmic, seed)
                let result = try analysis.run(subject, [path], monitor: monitor)
                return TrajectoryReport(context: context("trajectory", subject, result.end, started), result)
            }.withoutVectors
        } catch let failure as TrajectoryPCA.Failure {
            files.remarks.append("\(label): path of the training: left out: \(failure)")
            return nil
        }
    }
}

// A result's vectors are written to its file and then given back, so that the next analysis has the memory.

extension SliceReport {
    fileprivate var withoutVectors: SliceReport { SliceReport(context: context, result.withoutVectors) }
}

extension SharpnessReport {
    fileprivate var withoutVectors: SharpnessReport { SharpnessReport(context: context, result.withoutVectors) }
}

extension SpectrumReport {
    fileprivate var withoutVectors: SpectrumReport { SpectrumReport(context: context, result.withoutVectors) }
}

extension TrajectoryReport {
    fileprivate var withoutVectors: TrajectoryReport { TrajectoryReport(context: context, result.withoutVectors) }
}

extension ReportSubject {
    /// What a comparison shows of it; nil where its slice is not scaled to its weights.
    fileprivate var entry: Comparison.Entry? {
        guard let line, line.normalization == DirectionNormalization.filter.rawValue, let point,
            let worst = point.worstCase, let average = point.averageCase, let top = spectrum.top,
            let value = top.values.first, let residual = top.residuals.first, let trace = spectrum.result.trace
        else { return nil }
        return Comparison.Entry(
            subject: summary, slice: line.result, other: other.map { Evaluation(loss: $0.loss, accuracy: $0.accuracy) },
            gradientNorm: sharpness.gradientNorm, largestEigenvalue: (value, residual), trace: trace.trace,
            worstCase: worst, averageCase: average, others: others)
    }
}
