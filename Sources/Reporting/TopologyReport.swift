import Analyses
import ArrayFiles
import Essentials
import Plotting

/// Minima, saddles and holes of a slice, with what is certain of them.
public struct TopologyReport: Report {
    /// What the slice is of, and how it was computed.
    public private(set) var context: RunContext
    /// What is shown.
    public let result: TopologyAnalysis.Result
    /// Rows of the printed tables; 10, ours.
    public var rows = 10
    /// What is drawn.
    public var picture = Picture.all

    /// One plot, or all of them.
    public enum Picture: String, Sendable, CaseIterable {
        case all, tree, barcode, basins, betti, persistence
    }

    /// - Parameter context: of the slice.
    public init(context: RunContext, _ result: TopologyAnalysis.Result) {
        (self.context, self.result) = (context, result)
        self.context.command = "topology"
    }

    var sublevel: SublevelTopology { result.sublevel }
    var dimension: Int { result.grid.dimension }
    /// The letters of the axes, as a column's title.
    private var letters: String {
        dimension == 1 ? "α" : "(\(["α", "β", "γ"].prefix(dimension).joined(separator: ", ")))"
    }
    /// What holes of this dimension are.
    var holeWord: String { dimension == 3 ? "voids" : "loops" }

    func place(_ point: Int) -> [Double] { result.grid.place(point) }
    func isCertain(branch: Int) -> Bool? { result.areBranchesCertain?[branch] }
    func isCertain(hole: Int) -> Bool? { result.areHolesCertain?[hole] }

    /// More pairs than this are in no JSON; the most persistent come first.
    static let mostListed = 10_000

    // MARK: JSON

    private static func json(_ certain: Bool?) -> JSONValue { certain.map { .bool($0) } ?? .null }

    private var pairs: JSONValue {
        .array(
            sublevel.branches.prefix(Self.mostListed).enumerated().map { number, branch in
                .object([
                    ("birth", .number(branch.birth)), ("death", .number(branch.death)),
                    ("persistence", .number(branch.persistence)), ("minimum", JSONValue(place(branch.minimum))),
                    ("saddle", branch.saddle.map { JSONValue(place($0)) } ?? .null),
                    ("parent", branch.parent.map { .integer($0) } ?? .null), ("points", .integer(branch.points)),
                    ("on_edge", .bool(branch.isOnEdge)),
                    ("error", JSONValue(result.error.map { $0.error(below: branch.death) })),
                    ("certain", Self.json(isCertain(branch: number))),
                ])
            })
    }

    private var holes: JSONValue {
        .array(
            sublevel.holes.prefix(Self.mostListed).enumerated().map { number, hole in
                .object([
                    ("birth", .number(hole.birth)), ("death", .number(hole.death)),
                    ("persistence", .number(hole.persistence)), ("closing", JSONValue(place(hole.closing))),
                    ("maximum", hole.maximum.map { JSONValue(place($0)) } ?? .null),
                    ("error", JSONValue(result.error.map { $0.error(below: hole.death) })),
                    ("certain", Self.json(isCertain(hole: number))),
                ])
            })
    }

    /// Persistences, ascending, and how many minima have at least each.
    var persistenceSteps: (persistence: [Double], count: [Int]) {
        let finite = sublevel.branches.filter { $0.saddle != nil }.map(\.persistence)
        let all = sublevel.branches.count, lasting = all - finite.count
        var steps: (persistence: [Double], count: [Int]) = ([], [])
        // Descending: the number of a branch is how many have more.
        for (number, value) in finite.enumerated() {
            if value == steps.persistence.last {
                steps.count[steps.count.count - 1] = lasting + number + 1
            } else {
                steps.persistence.append(value)
                steps.count.append(lasting + number + 1)
            }
        }
        return (steps.persistence.reversed(), steps.count.reversed())
    }

    /// Members of the JSON object beside those of the context; docs/definitions.md defines them.
    public var fields: [(key: String, value: JSONValue)] {
        let distance = result.distance, steps = persistenceSteps
        let listed = max(0, steps.count.count - Self.mostListed)
        return [
            ("shape", .array(sublevel.shape.map { .integer($0) })), ("nonfinite", .integer(sublevel.nonfinite)),
            ("lowest", .number(sublevel.range.lowerBound)), ("highest", .number(sublevel.range.upperBound)),
            (
                "error",
                result.error.map {
                    .object([("source", .string($0.source.rawValue)), ("largest", .number($0.largest))])
                } ?? .null
            ),
            ("minima", .integer(sublevel.branches.count)),
            ("certain_minima", result.certainMinima.map { .integer($0) } ?? .null),
            ("pairs", pairs), ("holes_count", .integer(sublevel.holes.count)),
            ("certain_holes", result.certainHoles.map { .integer($0) } ?? .null), ("holes", holes),
            (
                "smad",
                .object([
                    ("value", .number(distance.mean)), ("normalized", JSONValue(distance.normalized)),
                    ("weighted", .number(distance.weighted)),
                ])
            ),
            ("persistence_range", JSONValue(result.persistenceRange)),
            (
                "betti",
                .object(
                    [("levels", JSONValue(result.levels))]
                        + (0..<dimension).map { k in
                            ("b\(k)", .array(result.betti.map { .integer($0[k]) }))
                        })
            ),
            (
                "basins",
                .object([
                    ("threshold", JSONValue(result.persistence)), ("count", .integer(result.kept.count)),
                    ("pairs", .array(result.kept.prefix(Self.mostListed).map { .integer($0) })),
                    ("points", .array(result.basinPoints.prefix(Self.mostListed).map { .integer($0) })),
                ])
            ),
            (
                "persistence_steps",
                .object([
                    ("persistence", JSONValue(Array(steps.persistence.dropFirst(listed)))),
                    ("minima", .array(steps.count.dropFirst(listed).map { .integer($0) })),
                ])
            ),
        ]
    }

    // MARK: For people

    /// What is printed for people, a line each.
    public var lines: [String] { lines(width: nil).map(\.text) }

    /// The same, with tables that fit a window.
    public func lines(width: Int?) -> [PrintedLine] {
        var lines = summary.map { PrintedLine($0) } + branchTable.lines(width: width)
        if sublevel.branches.count > rows { lines.append(PrintedLine("  … \(sublevel.branches.count - rows) more")) }
        if !sublevel.holes.isEmpty {
            lines += holeTable.lines(width: width)
            if sublevel.holes.count > rows { lines.append(PrintedLine("  … \(sublevel.holes.count - rows) more")) }
        }
        return lines
    }

    private var summary: [String] {
        let size = result.grid.axes.map { "\($0.values.count)" }.joined(separator: " × ")
        let (low, high) = (sublevel.range.lowerBound, sublevel.range.upperBound)
        var lines = [
            "topology: \(size) points, values from \(Format.number(low)) to \(Format.number(high)); non-finite values: \(sublevel.nonfinite)"
        ]
        switch result.error {
        case nil: lines.append("error: not known, too few points to estimate it; give it by --error")
        case let error?:
            let source =
                switch error.source {
                case .given: ", as given"
                case .adaptive: " at most, of interpolated values, as the adaptive slice states it"
                case .estimate:
                    " at most, less at low levels; between the points, estimated from every second one, and no bound"
                }
            lines.append("error: \(Format.short(error.largest))\(source)")
        }
        let certain = result.certainMinima.map { ", certain: \($0)" } ?? ""
        var counts = "minima: \(sublevel.branches.count)\(certain)"
        if dimension > 1 {
            counts += "; \(holeWord): \(sublevel.holes.count)\(result.certainHoles.map { ", certain: \($0)" } ?? "")"
        }
        let threshold = result.persistence.map { " of persistence \(Format.short($0)) and more" } ?? ""
        lines.append("\(counts); basins\(threshold): \(result.kept.count)")
        let share = result.distance.normalized.map { ", \(Format.percent($0)) of the range" } ?? ""
        lines.append(
            "SMAD \(Format.number(result.distance.mean))\(share); weighted by basins \(Format.number(result.distance.weighted))"
        )
        return lines
    }

    private static func word(_ certain: Bool?) -> String { certain.map { $0 ? "yes" : "no" } ?? "–" }

    private var branchTable: TextTable {
        let shown = Array(sublevel.branches.prefix(rows)), all = Double(result.values.count)
        func column(_ title: String, right: Bool = true, _ cell: (Int, SublevelTopology.Branch) -> String)
            -> TextTable.Column
        {
            TextTable.Column(title, shown.enumerated().map(cell), isRight: right)
        }
        return TextTable([
            column("minimum") { number, _ in "\(number + 1)" },
            column("persistence") { Format.number($1.persistence) },
            column("value") { Format.number($1.birth) },
            column("at \(letters)", right: false) { Format.place(place($1.minimum)) + ($1.isOnEdge ? " edge" : "") },
            column("saddle") { $1.saddle == nil ? "–" : Format.number($1.death) },
            column("at \(letters)", right: false) { $1.saddle.map { Format.place(place($0)) } ?? "–" },
            column("joins") { $1.parent.map { "\($0 + 1)" } ?? "–" },
            column("points") { Format.percent(Double($1.points) / all) },
            column("certain", right: false) { number, _ in Self.word(isCertain(branch: number)) },
        ])
    }

    private var holeTable: TextTable {
        let shown = Array(sublevel.holes.prefix(rows))
        func column(_ title: String, right: Bool = true, _ cell: (Int, SublevelTopology.Hole) -> String)
            -> TextTable.Column
        {
            TextTable.Column(title, shown.enumerated().map(cell), isRight: right)
        }
        return TextTable([
            column(String(holeWord.dropLast())) { number, _ in "\(number + 1)" },
            column("persistence") { Format.number($1.persistence) },
            column("closes") { Format.number($1.birth) },
            column("at \(letters)", right: false) { Format.place(place($1.closing)) },
            column("filled") { $1.maximum == nil ? "–" : Format.number($1.death) },
            column("at \(letters)", right: false) { $1.maximum.map { Format.place(place($0)) } ?? "–" },
            column("certain", right: false) { number, _ in Self.word(isCertain(hole: number)) },
        ])
    }
}
