import Analyses
import ArrayFiles
import Datasets
import Essentials
import Foundation
import Objectives
import Plotting
import Tensors

/// Why a saved result cannot be shown again or joined.
public enum SavedSliceError: DescribedError {
    case notASlice(path: String, missing: String)
    case damaged(path: String, what: String)
    case different(path: String, from: String, what: String)
    case contradiction(path: String, points: Int)
    case incomplete(missing: Int, of: Int, first: [Int])
    case tooFew(Int)

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .notASlice(let path, let missing):
            "\(path) holds no '\(missing)'; expected a slice, such as 'landscape slice -o slice.npz' writes"
        case .damaged(let path, let what): "\(path) is damaged: \(what); write it again"
        case .different(let path, let other, let what):
            "\(path) is no part of the same slice as \(other): \(what) differ\(what.hasSuffix("s") ? "" : "s"); name the shards of one slice"
        case .contradiction(let path, let points):
            "\(path) has other values than the files before it at \(points) points that both evaluated; compute it again"
        case .incomplete(let missing, let count, let first):
            "\(missing) of \(count) points are in none of the files (the first: number \(first.map { "\($0 + 1)" }.joined(separator: ", "))); name all shards"
        case .tooFew(let count): "\(count) file: expected at least two shards to join"
        }
    }
}

extension SliceReport {
    /// A slice as `write(to:)` left it in an `.npz` file.
    ///
    /// - Throws: `FileError`, `NPZError`; `SavedSliceError` where the arrays do not make a slice.
    public init(reading path: String) throws {
        let archive = try NPZ.read(path)
        for name in ["loss", "alpha", "curvature_hvp", "metadata"] where !archive.contains(name) {
            throw SavedSliceError.notASlice(path: path, missing: name)
        }
        func damaged(_ what: String) -> SavedSliceError { .damaged(path: path, what: what) }
        func values(_ name: String) throws -> [Double]? {
            archive.contains(name) ? try archive.array(name).doubles : nil
        }
        guard
            let metadata = try? JSONValue(parsing: Array(try archive.text("metadata").utf8)),
            let context = RunContext(metadata)
        else { throw damaged("its metadata do not say what it is of") }
        guard let alpha = SliceAxis(values: try values("alpha") ?? []) else { throw damaged("α does not ascend") }
        let betaValues = try values("beta")
        let beta = betaValues.flatMap(SliceAxis.init(values:))
        if betaValues != nil, beta == nil { throw damaged("β does not ascend") }
        let gammaValues = try values("gamma")
        let gamma = gammaValues.flatMap(SliceAxis.init(values:))
        if gammaValues != nil, gamma == nil || beta == nil { throw damaged("γ does not ascend, or there is no β") }
        let points = [alpha, beta, gamma].compactMap { $0?.values.count }.reduce((count: 1, overflow: false)) {
            let product = $0.count.multipliedReportingOverflow(by: $1)
            return (product.partialValue, $0.overflow || product.overflow)
        }
        guard !points.overflow else { throw damaged("its grid has more points than a file can hold") }
        let grid = SliceGrid(alpha, beta, gamma), axes = grid.dimension
        func column(_ name: String) throws -> [Double]? {
            guard let found = try values(name) else { return nil }
            guard found.count == grid.count else {
                throw damaged("'\(name)' has \(found.count) numbers for \(grid.count) points")
            }
            return found
        }
        let loss = try column("loss")!
        let vectors = try (1...axes).map { try values("direction_\($0)") ?? [] }
        let interpolation = metadata["adaptive"].flatMap(AdaptiveSurface.Accuracy.init)
        let curvature = try values("curvature_hvp") ?? [], reach = try values("relative_reach") ?? []
        let center = try values("center")?.first ?? .nan, cosine = try values("cosine")?.first
        guard curvature.count == axes, reach.count == axes else {
            throw damaged("its audit is of \(curvature.count) directions, expected \(axes)")
        }
        // Directions are kept in files for other programs, and may have been left out.
        let directions = SliceDirections(
            Array(vectors), kind: metadata["surface.directions"]?.string ?? context.command,
            normalization: (metadata["surface.normalization"]?.string).flatMap(DirectionNormalization.init(rawValue:))
                ?? .none)
        func slice(_ loss: [Double], _ accuracy: [Double]?, _ other: SliceValues?) throws -> Slice {
            Slice(
                grid: grid, directions: directions, values: SliceValues(loss: loss, accuracy: accuracy), other: other,
                isMeasured: try column("evaluated")?.map { $0 != 0 }, accuracyOfInterpolation: interpolation,
                center: Evaluation(loss: center, accuracy: context.accuracy), cosine: cosine,
                curvature: curvature.map { $0.isNaN ? nil : $0 }, relativeReach: reach)
        }
        let other = try column("other_loss").map { SliceValues(loss: $0, accuracy: try column("other_accuracy")) }
        let first = try slice(loss, try column("accuracy"), other)
        var planes = [SliceAnalysis.Plane(seed: context.seed, slice: first)]
        if let all = try values("planes"), let seeds = try values("seeds") {
            guard all.count == seeds.count * grid.count, !seeds.isEmpty else {
                throw damaged("'planes' has \(all.count) numbers for \(seeds.count) × \(grid.count)")
            }
            planes = try seeds.enumerated().map { i, seed in
                guard seed >= 0, seed < 0x1p63 else { throw damaged("a seed of \(seed)") }
                let part = Array(all[(i * grid.count)..<((i + 1) * grid.count)])
                return SliceAnalysis.Plane(
                    seed: UInt64(seed), slice: i == 0 && part == loss ? first : try slice(part, nil, nil))
            }
        }
        let rise = metadata["surface.loss_multiple"]?.double.map { multiple in
            SliceReach(multiple: multiple, lengths: grid.axes.map { $0.values.last ?? 0 })
        }
        self.init(context: context, SliceAnalysis.Result(planes: planes, reach: rise))
        // Paths over the surface: of a training, or the sides of the triangle of three networks.
        for (name, label, isClosed) in [("path", "checkpoints", false), ("corners", "A, B and C", true)] {
            guard let places = try values(name), places.count >= 2, places.count % 2 == 0 else { continue }
            var x = stride(from: 0, to: places.count, by: 2).map { places[$0] }
            var y = stride(from: 1, to: places.count, by: 2).map { places[$0] }
            if isClosed { (x, y) = (x + [x[0]], y + [y[0]]) }
            // Of several trainings, one after the other.
            let trainings = isClosed ? nil : try values("training")
            guard let trainings, trainings.count == x.count, let last = trainings.last, last > 0 else {
                overlays.append(HeatmapFigure.Overlay(label: label, x: x, y: y))
                continue
            }
            for (number, training) in Set(trainings).sorted().enumerated() {
                let own = trainings.indices.filter { trainings[$0] == training }
                overlays.append(
                    HeatmapFigure.Overlay(
                        label: "training \(Format.short(training + 1))", x: own.map { x[$0] }, y: own.map { y[$0] },
                        color: TrajectoryReport.color(number)))
            }
        }
    }

    /// Joins the shards of one slice into the slice itself, to the same bits.
    ///
    /// - Parameter parts: in any order; points that several have must agree.
    public static func merged(_ parts: [(path: String, report: SliceReport)]) throws(SavedSliceError) -> SliceReport {
        guard parts.count > 1 else { throw .tooFew(parts.count) }
        let (first, report) = parts[0]
        let count = report.slice.loss.count
        var isKnown = [Bool](repeating: false, count: count)
        var loss = [Double](repeating: .nan, count: count), accuracy = loss, otherLoss = loss, otherAccuracy = loss
        for (path, part) in parts {
            if let what = report.difference(from: part) { throw .different(path: path, from: first, what: what) }
            var contradictions = 0
            for i in 0..<count where part.slice.isMeasured?[i] ?? true {
                if isKnown[i], loss[i].bitPattern != part.slice.loss[i].bitPattern { contradictions += 1 }
                isKnown[i] = true
                loss[i] = part.slice.loss[i]
                accuracy[i] = part.slice.accuracy?[i] ?? .nan
                otherLoss[i] = part.slice.other?.loss[i] ?? .nan
                otherAccuracy[i] = part.slice.other?.accuracy?[i] ?? .nan
            }
            if contradictions > 0 { throw .contradiction(path: path, points: contradictions) }
        }
        let missing = isKnown.indices.filter { !isKnown[$0] }
        guard missing.isEmpty else {
            throw .incomplete(missing: missing.count, of: count, first: Array(missing.prefix(3)))
        }
        let slice = report.slice
        let whole = Slice(
            grid: slice.grid, directions: slice.directions,
            values: SliceValues(loss: loss, accuracy: slice.accuracy == nil ? nil : accuracy),
            other: slice.other.map {
                SliceValues(loss: otherLoss, accuracy: $0.accuracy == nil ? nil : otherAccuracy)
            },
            center: slice.centerEvaluation, cosine: slice.cosine, curvature: slice.audit.curvatureFromProduct,
            relativeReach: slice.audit.relativeReach)
        return SliceReport(
            context: report.context,
            SliceAnalysis.Result(
                planes: [SliceAnalysis.Plane(seed: report.context.seed, slice: whole)], reach: report.result.reach))
    }

    /// What two parts of one slice must have in common and these have not.
    private func difference(from other: SliceReport) -> String? {
        let (a, b) = (context, other.context)
        if slice.grid != other.slice.grid { return "the grids" }
        if directions.vectors != other.directions.vectors || directions.kind != other.directions.kind {
            return "the directions"
        }
        if (a.model, a.data, a.split, a.examples) != (b.model, b.data, b.split, b.examples) { return "model or data" }
        if (a.precision, a.statistics, a.normalizedBatch, a.lossName, a.weightDecay) != (
            b.precision, b.statistics, b.normalizedBatch, b.lossName, b.weightDecay
        ) {
            return "precision, batch norm or loss"
        }
        if slice.center.bitPattern != other.slice.center.bitPattern { return "the losses at the centre" }
        if slice.interpolation != nil || other.slice.interpolation != nil {
            return "kinds (an adaptive slice is whole already)"
        }
        if (slice.other == nil) != (other.slice.other == nil) { return "splits" }
        return nil
    }
}

extension RunContext {
    /// From the members that every result states; nil where they are not there.
    init?(_ fields: JSONValue) {
        guard let command = fields["command"]?.string, let model = fields["model"]?.string,
            let data = fields["data"]?.string, let examples = fields["examples"]?.int
        else { return nil }
        // What a file does not say, or says in a word that is not known, is what results are of by default.
        func word<Word: RawRepresentable<String>>(_ key: String, _ usual: Word) -> Word {
            fields[key]?.string.flatMap(Word.init(rawValue:)) ?? usual
        }
        func text(_ key: String) -> String { fields[key]?.string ?? "" }
        self.init(
            command: command, checkpoint: text("checkpoint"), model: model, data: data,
            split: word("split", Split.train), examples: examples,
            seed: (fields["seed"]?.int).map { UInt64(bitPattern: Int64($0)) } ?? 0,
            precision: word("precision", Precision.float),
            statistics: word("batchnorm", ModelLoss.BatchStatistics.stored),
            normalizedBatch: fields[Self.batchKey]?.int, lossName: text("loss_function"),
            weightDecay: fields["weight_decay_in_loss"]?.double,
            evaluation: Evaluation(loss: fields["loss"]?.double ?? .nan, accuracy: fields["accuracy"]?.double),
            weightNorm: fields["weight_norm"]?.double ?? .nan, seconds: fields["seconds"]?.double ?? 0,
            software: text("software"))
    }
}
