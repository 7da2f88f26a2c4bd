import Essentials
import Foundation

/// A figure as JSON, which a result's file holds so that it can be drawn again with the words it had.
public struct FigureRecord: Codable, Sendable {
    /// The figure.
    public let figure: any Figure

    /// The version of the form; a file of another one is refused.
    private static let format = 1
    /// A picture has at most so many points a side, 7 m.
    private static let longestSide = 20_000.0

    /// - Precondition: the figure is of this module: lines, a map, a surface, or panels of these.
    public init(_ figure: any Figure) { self.figure = figure }

    /// How many numbers a figure holds.
    public static func numbers(of figure: any Figure) -> Int {
        switch figure {
        case let lines as LineFigure: lines.series.reduce(0) { $0 + 2 * $1.x.count }
        case let map as HeatmapFigure: map.values.count + (map.regions?.count ?? 0)
        case let surface as SurfaceFigure: surface.map.values.count
        case let panels as PanelFigure: panels.panels.reduce(0) { $0 + numbers(of: $1) }
        default: 0
        }
    }

    private enum Key: String, CodingKey {
        case format, lines, map, bars, view, panels, columns, sharesRanges, title, subtitle, size
    }

    /// Writes the figure.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(Self.format, forKey: .format)
        switch figure {
        case let lines as LineFigure: try values.encode(lines, forKey: .lines)
        case let map as HeatmapFigure: try values.encode(map, forKey: .map)
        case let surface as SurfaceFigure:
            try values.encode(surface.map, forKey: .map)
            try values.encode(surface.view.map { [$0.azimuth, $0.elevation] } ?? [], forKey: .view)
        case let bars as BarFigure: try values.encode(bars, forKey: .bars)
        case let panels as PanelFigure:
            try values.encode(panels.panels.map(FigureRecord.init), forKey: .panels)
            try values.encode(panels.columns, forKey: .columns)
            try values.encode(panels.sharesRanges, forKey: .sharesRanges)
            try values.encode(panels.title, forKey: .title)
            try values.encode(panels.subtitle, forKey: .subtitle)
            try values.encode(panels.size, forKey: .size)
        default: preconditionFailure("no record of a \(type(of: figure))")
        }
    }

    /// Reads a figure and checks that its parts fit together.
    ///
    /// - Throws: `DecodingError` where they do not.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        func check(_ holds: Bool, _ problem: @autoclosure () -> String) throws {
            guard holds else {
                throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: problem()))
            }
        }
        let format = try values.decode(Int.self, forKey: .format)
        try check(format == Self.format, "form \(format), expected \(Self.format)")
        if values.contains(.lines) {
            let lines = try values.decode(LineFigure.self, forKey: .lines)
            for series in lines.series {
                let counts =
                    [series.y.count]
                    + [series.band, series.errors, series.xErrors].compactMap(\.self).flatMap {
                        [$0.lower.count, $0.upper.count]
                    }
                try check(counts.allSatisfy { $0 == series.x.count }, "a series of \(series.x.count) x and \(counts) y")
            }
            figure = lines
        } else if values.contains(.map) {
            let map = try values.decode(HeatmapFigure.self, forKey: .map)
            let count = map.x.count.multipliedReportingOverflow(by: map.y.count)
            try check(
                !count.overflow && count.partialValue == map.values.count,
                "\(map.values.count) values on \(map.x.count) × \(map.y.count) points")
            try check(
                map.regions.map { $0.count == map.values.count } ?? true,
                "\(map.regions?.count ?? 0) regions of \(map.values.count) values")
            try check(map.overlays.allSatisfy { $0.x.count == $0.y.count }, "a path of unequal coordinates")
            if values.contains(.view) {
                let view = try values.decode([Double].self, forKey: .view)
                try check(
                    view.isEmpty || view.count == 2 && view[0].isFinite && (0...90).contains(view[1]),
                    "a view of \(view)")
                figure = SurfaceFigure(
                    map, view: view.isEmpty ? nil : SurfaceFigure.View(azimuth: view[0], elevation: view[1]))
            } else {
                figure = map
            }
        } else if values.contains(.bars) {
            let bars = try values.decode(BarFigure.self, forKey: .bars)
            for row in bars.rows {
                try check(
                    row.values.count == bars.quantities.count && row.intervals.count == row.values.count,
                    "a row of \(row.values.count) values for \(bars.quantities.count) quantities")
            }
            figure = bars
        } else {
            let panels = try values.decode([FigureRecord].self, forKey: .panels)
            let columns = try values.decode(Int.self, forKey: .columns)
            try check(
                (1...1000).contains(columns) && panels.count <= 1000, "\(panels.count) panels in \(columns) columns")
            figure = PanelFigure(
                title: try values.decode(String.self, forKey: .title),
                subtitle: try values.decode(String.self, forKey: .subtitle), panels: panels.map(\.figure),
                columns: columns, sharesRanges: try values.decode(Bool.self, forKey: .sharesRanges),
                size: try values.decode(Size.self, forKey: .size))
        }
        let sides = [figure.size.width, figure.size.height]
        try check(sides.allSatisfy { $0 > 0 && $0 <= Self.longestSide }, "a picture of \(sides) points")
    }

    private static let notFinite = (infinity: "inf", negative: "-inf", nan: "nan")

    /// The figure as JSON; numbers that are not finite are the words inf, -inf and nan.
    public func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: Self.notFinite.infinity, negativeInfinity: Self.notFinite.negative,
            nan: Self.notFinite.nan)
        return Array(try encoder.encode(self))
    }

    /// Reads what `json()` wrote.
    ///
    /// - Throws: `DecodingError` where it is damaged or of another version.
    public init(json bytes: [UInt8]) throws {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: Self.notFinite.infinity, negativeInfinity: Self.notFinite.negative,
            nan: Self.notFinite.nan)
        self = try decoder.decode(FigureRecord.self, from: Data(bytes))
    }
}
