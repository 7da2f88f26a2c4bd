import ArgumentParser
import Foundation
import Landscape

/// The grid of a slice, as the command line gives it.
struct SliceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "1 for a line, 2 for a plane, 3 for a space (default: as many as --points, --y-range, --z-range or --directions name, else 1).",
            valueName: "count"))
    var dims: Int?
    @Option(
        help: ArgumentHelp(
            "Points along each axis: 51, 51x41 for α × β, or 21x21x21 for α × β × γ.", valueName: "count")) var points =
        "51"
    @Option(
        help: ArgumentHelp(
            "Half the length of all axes, which run from −length to length; auto: to where the loss is 10 times the checkpoint's, auto:F: F times.",
            valueName: "length"))
    var range = Length.given(1)
    @Option(help: ArgumentHelp("Range of α, as a:b.", valueName: "a:b")) var xRange: String?
    @Option(help: ArgumentHelp("Range of β, as a:b.", valueName: "a:b")) var yRange: String?
    @Option(help: ArgumentHelp("Range of γ, as a:b.", valueName: "a:b")) var zRange: String?

    /// Half the length of an axis.
    enum Length: ExpressibleByArgument {
        case given(Double)
        /// Where the loss has risen to a multiple of the checkpoint's.
        case automatic(multiple: Double)

        init?(argument: String) {
            if argument == "auto" {
                self = .automatic(multiple: SliceReach().multiple)
            } else if argument.hasPrefix("auto:"), let multiple = Double(argument.dropFirst(5)) {
                self = .automatic(multiple: multiple)
            } else if let length = Double(argument) {
                self = .given(length)
            } else {
                return nil
            }
        }

        var defaultValueDescription: String {
            switch self {
            case .given(let length): "\(length)"
            case .automatic(let multiple): "auto:\(multiple)"
            }
        }
    }

    /// Where the axes end, if that is to be found.
    var reach: SliceReach? { if case .automatic(let multiple) = range { SliceReach(multiple: multiple) } else { nil } }

    static let names = ["--dims", "--points", "--range", "--x-range", "--y-range", "--z-range"]

    func validate() throws {
        if let dims, !(1...3).contains(dims) { throw ValidationError("--dims \(dims): expected 1, 2 or 3") }
        switch range {
        case .given(let length):
            guard length > 0, length.isFinite else {
                throw ValidationError("--range \(length): expected a positive number, or auto")
            }
        case .automatic(let multiple):
            guard multiple > 1, multiple.isFinite else {
                throw ValidationError("--range auto:\(multiple): expected a number above 1, such as auto:10")
            }
            let given = [("--x-range", xRange), ("--y-range", yRange), ("--z-range", zRange)].first { $0.1 != nil }
            if let (option, _) = given {
                throw ValidationError("--range auto and \(option): expected one of them")
            }
        }
        _ = try (xRange.map(Self.interval), yRange.map(Self.interval), zRange.map(Self.interval))
        let counts = try Self.counts(points, most: 3)
        if counts.count > 1, let dims, counts.count != dims {
            throw ValidationError("--points \(points) names \(counts.count) axes, --dims \(dims) says \(dims)")
        }
        if counts.count == 2, zRange != nil {
            throw ValidationError("--points \(points) names two axes, --z-range a third")
        }
        // How many axes are meant may be said by --directions, too, which are not known here.
        try checkPoints(counts, axes: max(counts.count, dims ?? 1))
    }

    /// More would take longer than anybody waits, and more memory than a result should.
    static let mostPoints = 10_000_000

    /// The counts of one axis or several.
    static func counts(_ text: String, most axes: Int = 2) throws -> [Int] {
        let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...axes).contains(parts.count), parts.allSatisfy({ ($0 ?? 0) >= 2 && $0! <= 100_000 }) else {
            throw ValidationError(
                "--points \(text): expected at least 2 and at most 100000 on each axis, such as \(axes < 3 ? "51 or 51x41" : "51, 51x41 or 21x21x21")"
            )
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

    /// How many axes are meant, 1 to 3.
    func axes(directions: String) -> Int {
        if let dims { return dims }
        let hasNames = directions.hasPrefix("file:") || directions.hasPrefix("to:")
        let named = hasNames ? directions.count { $0 == "," } + 1 : 1
        let counts = points.lowercased().count { $0 == "x" } + 1
        return min(3, max(counts, named, zRange != nil ? 3 : yRange != nil ? 2 : 1))
    }

    private func checkPoints(_ counts: [Int], axes: Int) throws {
        // No product of three counts overflows.
        guard axes == 1 || (0..<axes).reduce(1, { $0 * counts[min($1, counts.count - 1)] }) <= Self.mostPoints else {
            throw ValidationError(
                "--points \(points): expected at most \(Self.mostPoints) in all, such as \(axes == 2 ? "51x41" : "21x21x21")"
            )
        }
    }

    /// The points.
    ///
    /// - Parameter count: of the axes.
    func grid(axes count: Int) throws -> SliceGrid {
        let counts = try Self.counts(points, most: 3)
        guard counts.count == 1 || counts.count == count else {
            throw ValidationError("--points \(points): expected the points of \(count) axes, or one number for all")
        }
        try checkPoints(counts, axes: count)
        // Of an automatic range only the numbers of points count.
        let length = if case .given(let length) = range { length } else { 1.0 }
        let axes = try [xRange, yRange, zRange].prefix(count).enumerated().map { number, text in
            SliceAxis(
                range: try text.map(Self.interval) ?? -length...length, points: counts[min(number, counts.count - 1)])
        }
        return SliceGrid(axes[0], count > 1 ? axes[1] : nil, count > 2 ? axes[2] : nil)
    }
}
