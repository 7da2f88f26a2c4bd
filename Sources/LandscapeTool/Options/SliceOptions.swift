import ArgumentParser
import Foundation
import Landscape

/// The grid of a slice, as the command line gives it.
struct SliceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "1 for a line, 2 for a plane (default: 2 if --points, --y-range or --directions name two, else 1).",
            valueName: "count"))
    var dims: Int?
    @Option(help: ArgumentHelp("Points along each axis: 51, or 51x41 for α × β.", valueName: "count")) var points = "51"
    @Option(help: ArgumentHelp("Half the length of both axes, which run from −length to length.", valueName: "length"))
    var range =
        1.0
    @Option(help: ArgumentHelp("Range of α, as a:b.", valueName: "a:b")) var xRange: String?
    @Option(help: ArgumentHelp("Range of β, as a:b.", valueName: "a:b")) var yRange: String?

    static let names = ["--dims", "--points", "--range", "--x-range", "--y-range"]

    func validate() throws {
        if let dims, !(1...2).contains(dims) { throw ValidationError("--dims \(dims): expected 1 or 2") }
        guard range > 0, range.isFinite else { throw ValidationError("--range \(range): expected a positive number") }
        _ = try (xRange.map(Self.interval), yRange.map(Self.interval))
        let counts = try Self.counts(points)
        if counts.count == 2, dims == 1 { throw ValidationError("--points \(points) names two axes, --dims 1 one") }
        // Whether two axes are meant may be said by --directions, too, which are not known here.
        guard dims == 1 || (counts.count == 1 && dims == nil) || counts[0] * counts.last! <= Self.mostPoints else {
            throw ValidationError("--points \(points): expected at most \(Self.mostPoints) in all, such as 51x41")
        }
    }

    /// More would take longer than anybody waits, and more memory than a result should.
    static let mostPoints = 10_000_000

    static func counts(_ text: String) throws -> [Int] {
        let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(parts.count), parts.allSatisfy({ ($0 ?? 0) >= 2 && $0! <= 100_000 }) else {
            throw ValidationError(
                "--points \(text): expected at least 2 and at most 100000 on each axis, such as 51 or 51x41")
        }
        return parts.map { $0! }
    }

    static func interval(_ text: String) throws -> ClosedRange<Double> {
        let parts = text.split(separator: ":").map { Double($0) }
        guard parts.count == 2, let a = parts[0], let b = parts[1], a.isFinite, b.isFinite, a < b else {
            throw ValidationError("a range of '\(text)': expected a:b with a < b, such as -1:1")
        }
        return a...b
    }

    /// Refuses what is no share of a range.
    static func checkAdaptive(_ tolerance: Double?) throws {
        if let tolerance, !(tolerance > 0 && tolerance < 1) {
            throw ValidationError(
                "--adaptive \(tolerance): expected a share of the range between 0 and 1, such as 0.01")
        }
    }

    func isPlane(directions: String) -> Bool {
        if let dims { return dims == 2 }
        let isTwoNamed = (directions.hasPrefix("file:") || directions.hasPrefix("to:")) && directions.contains(",")
        return yRange != nil || points.lowercased().contains("x") || isTwoNamed
    }

    func grid(isPlane: Bool) throws -> SliceGrid {
        let counts = try Self.counts(points)
        guard !isPlane || counts[0] * counts.last! <= Self.mostPoints else {
            throw ValidationError("--points \(points): expected at most \(Self.mostPoints) in all, such as 51x41")
        }
        let alpha = SliceAxis(range: try xRange.map(Self.interval) ?? -range...range, points: counts[0])
        guard isPlane else { return SliceGrid(alpha) }
        return SliceGrid(
            alpha, SliceAxis(range: try yRange.map(Self.interval) ?? -range...range, points: counts.last!))
    }
}
