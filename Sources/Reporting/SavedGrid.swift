import Analyses
import ArrayFiles
import Essentials
import Foundation

/// The values of a saved slice on their grid, from its `.npz` or `.json`.
public struct SavedGrid: Sendable {
    /// What the slice is of, and how it was computed.
    public let context: RunContext
    /// The points.
    public let grid: SliceGrid
    /// The loss, in the order of the grid.
    public let loss: [Double]
    /// Which points were evaluated, where others are interpolated; nil where all were, or the file does not say.
    public let isMeasured: [Bool]?
    /// How far interpolated values may be off; nil where none are.
    public let accuracy: AdaptiveSurface.Accuracy?
    /// How many seeds the slice has; the loss is of the first.
    public let planes: Int

    /// Reads a slice.
    ///
    /// - Throws: `FileError`, `NPZError`; `SavedSliceError` where the file holds no slice; `SavedFigureError` for a shard and for
    ///   JSON that is not whole.
    public init(reading path: String) throws {
        guard path.lowercased().hasSuffix(".json") else {
            let report = try SliceReport(reading: path)
            guard !report.isPartial else { throw SavedFigureError.shard(path: path) }
            (context, grid, loss) = (report.context, report.slice.grid, report.slice.loss)
            (isMeasured, accuracy) = (report.slice.isMeasured, report.slice.interpolation)
            planes = report.planes.count
            return
        }
        let result = try SavedFigure.json(path)
        for name in ["alpha", "values", "surface"] where result[name] == nil {
            throw SavedSliceError.notASlice(path: path, missing: name)
        }
        func damaged(_ what: String) -> SavedSliceError { .damaged(path: path, what: what) }
        guard let context = RunContext(result) else { throw damaged("it does not say what it is of") }
        func axis(_ name: String, _ letter: String) throws -> SliceAxis? {
            guard let value = result[name], let numbers = value.numbers, !numbers.isEmpty else { return nil }
            guard let axis = SliceAxis(values: numbers) else { throw damaged("\(letter) does not ascend") }
            return axis
        }
        guard let alpha = try axis("alpha", "α") else { throw damaged("α is no list of numbers") }
        let beta = try axis("beta", "β"), gamma = try axis("gamma", "γ")
        guard beta != nil || gamma == nil else { throw damaged("it has γ and no β") }
        let grid = SliceGrid(alpha, beta, gamma)
        guard let loss = result["values"]?.numbers, loss.count == grid.count else {
            throw damaged("'values' has \(result["values"]?.numbers?.count ?? 0) numbers for \(grid.count) points")
        }
        (self.context, self.grid, self.loss, isMeasured) = (context, grid, loss, nil)
        accuracy = result["adaptive"].flatMap(AdaptiveSurface.Accuracy.init)
        planes = if case .array(let planes)? = result["planes"] { max(1, planes.count) } else { 1 }
    }
}

extension AdaptiveSurface.Accuracy {
    /// From the member `adaptive` of a slice; nil for null.
    init?(_ fields: JSONValue) {
        guard fields != .null else { return nil }
        self.init(
            tolerance: fields["tolerance"]?.double ?? .nan, heldOut: fields["held_out"]?.int ?? 0,
            error: fields["estimated_error"]?.double ?? .nan,
            logarithmicError: fields["estimated_error_log"]?.double,
            carriedError: fields["estimated_error_carried"]?.double, coverage: fields["coverage"]?.double ?? .nan)
    }
}
