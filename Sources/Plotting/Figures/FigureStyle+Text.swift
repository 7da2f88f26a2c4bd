import Essentials
import Foundation

/// Why words do not make a style.
public enum FigureStyleError: DescribedError, Equatable {
    /// There is no such setting.
    case unknown(name: String)
    /// The value is not one that the setting takes.
    case invalid(name: String, value: String, expected: String)
    /// A style file is not TOML.
    case notTOML(reason: String)
    /// The setting changes nothing in what is drawn.
    case noEffect(name: String, on: String)

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .unknown(let name):
            "\(name): expected one of \(FigureStyle.settings.joined(separator: ", "))"
                + FigureStyle.settings.suggestion(for: String(name.split(separator: " ").last ?? ""))
        case .invalid(let name, let value, let expected): "\(name) \(value): expected \(expected)"
        case .notTOML(let reason): "no style file: \(reason); expected lines such as width = \"3.25in\""
        case .noEffect(let name, let figure): "--\(name) changes nothing in \(figure); leave it out"
        }
    }

    /// The same about a setting in a file.
    public func inside(_ path: String) -> FigureStyleError {
        switch self {
        case .unknown(let name): .unknown(name: "\(path): \(name)")
        case .invalid(let name, let value, let expected):
            .invalid(name: "\(path): \(name)", value: value, expected: expected)
        case .notTOML, .noEffect: self
        }
    }

    /// The request is to be mended, not the program.
    public var isOfRequest: Bool { true }
}

extension FigureStyle {
    /// The names of all settings, as options and in style files.
    public static let settings = [
        "width", "height", "font-size", "dpi", "theme", "font-family", "colors", "contours", "fill", "scale",
        "log", "value-range", "title", "subtitle", "x-label", "y-label", "x-limits", "y-limits", "legend", "marks",
        "no-legend",
        "no-marks", "3d", "view",
    ]

    /// Sets what words say, such as `width` to `3.25in`.
    ///
    /// - Throws: `FigureStyleError` where there is no such setting, or the value is none of its.
    public mutating func set(_ name: String, to value: String) throws(FigureStyleError) {
        switch name {
        case "width": width = try length(name, value)
        case "height": height = try length(name, value)
        case "font-size": fontSize = try number(name, value, 1...200, "a size in points from 1 to 200")
        case "dpi": dotsPerInch = try number(name, value, 10...2400, "pixels per inch from 10 to 2400")
        case "theme": theme = try choice(name, value, Theme.all.map { ($0.name, $0) })
        case "font-family": fontFamily = value
        case "colors":
            guard let map = ColorMap.named(value) else {
                let names = ColorMap.all.map(\.name)
                let near = value.hasSuffix("r") ? names + names.map { $0 + "_r" } : names
                throw .invalid(
                    name: name, value: value,
                    expected:
                        "one of \(names.joined(separator: ", ")), or one of these with _r at its end\(near.suggestion(for: value))"
                )
            }
            colorMap = map
        case "contours": contours = try levels(name, value)
        case "fill": fill = try choice(name, value, HeatmapFigure.Fill.allCases.map { ($0.rawValue, $0) })
        case "scale": scale = try choice(name, value, ValueScale.allCases.map { ($0.rawValue, $0) })
        case "value-range": valueRange = try interval(name, value)
        case "title": title = value
        case "subtitle": subtitle = value
        case "x-label": xLabel = value
        case "y-label": yLabel = value
        case "x-limits": xLimits = try interval(name, value)
        case "y-limits": yLimits = try interval(name, value)
        case "legend": showsLegend = try choice(name, value, [("true", true), ("false", false)])
        case "marks": showsMarks = try choice(name, value, [("true", true), ("false", false)])
        case "log": scale = try choice(name, value, [("true", .logarithmic), ("false", .automatic)])
        case "3d": isInSpace = try choice(name, value, [("true", true), ("false", false)])
        case "no-legend": showsLegend = try choice(name, value, [("true", false), ("false", true)])
        case "no-marks": showsMarks = try choice(name, value, [("true", false), ("false", true)])
        case "view": view = try direction(name, value)
        default: throw .unknown(name: name)
        }
    }

    /// Lengths are in points: 72 an inch.
    private func length(_ name: String, _ text: String) throws(FigureStyleError) -> Double {
        // A pixel is one of the picture's own.
        let units: [(String, Double)] = [
            ("in", 72), ("mm", 72 / 25.4), ("cm", 72 / 2.54), ("pt", 1), ("px", 72 / dotsPerInch),
        ]
        guard let (unit, points) = units.first(where: { text.hasSuffix($0.0) }),
            let number = Double(text.dropLast(unit.count).trimmingCharacters(in: .whitespaces)),
            (36...14_400).contains(number * points)
        else {
            throw .invalid(
                name: name, value: text,
                expected: "a length from half an inch to 200 inches, such as 3.25in, 82mm, 240pt or 600px")
        }
        return number * points
    }

    private func number(_ name: String, _ text: String, _ range: ClosedRange<Double>, _ expected: String)
        throws(FigureStyleError) -> Double
    {
        guard let number = Double(text), range.contains(number) else {
            throw .invalid(name: name, value: text, expected: expected)
        }
        return number
    }

    private func choice<Value>(_ name: String, _ text: String, _ choices: [(String, Value)]) throws(FigureStyleError)
        -> Value
    {
        guard let found = choices.first(where: { $0.0 == text }) else {
            let names = choices.map(\.0)
            throw .invalid(
                name: name, value: text,
                expected:
                    "\(names.dropLast().joined(separator: ", ")) or \(names.last ?? "")\(names.suggestion(for: text))")
        }
        return found.1
    }

    private func interval(_ name: String, _ text: String) throws(FigureStyleError) -> ClosedRange<Double> {
        let ends = text.split(separator: ":", omittingEmptySubsequences: false).map { Double($0) }
        guard ends.count == 2, let low = ends[0], let high = ends[1], low.isFinite, high.isFinite, low < high else {
            throw .invalid(name: name, value: text, expected: "a:b with a < b, such as -1:1")
        }
        return low...high
    }

    private func levels(_ name: String, _ text: String) throws(FigureStyleError) -> HeatmapFigure.Contours {
        if text == "automatic" || text == "auto" { return .automatic }
        if text == "none" { return .none }
        let values = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
        guard values.allSatisfy({ $0?.isFinite == true }), values.count <= 1000 else {
            throw .invalid(
                name: name, value: text,
                expected:
                    "auto, none, how many (such as 8), or levels such as 0.5,1,2\(["auto", "none"].suggestion(for: text))"
            )
        }
        // One whole number says how many.
        if values.count == 1, let count = Int(text) {
            guard (1...100).contains(count) else {
                throw .invalid(name: name, value: text, expected: "1 to 100 lines, or a level such as \(count).0")
            }
            return .count(count)
        }
        return .levels(values.map { $0! })
    }

    private func direction(_ name: String, _ text: String) throws(FigureStyleError) -> SurfaceFigure.View {
        let angles = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
        guard angles.count == 2, let azimuth = angles[0], let elevation = angles[1], abs(azimuth) <= 360,
            (0...90).contains(elevation)
        else {
            throw .invalid(
                name: name, value: text,
                expected: "azimuth,elevation in degrees, the elevation from 0 to 90, such as 40,30")
        }
        return SurfaceFigure.View(azimuth: azimuth, elevation: elevation)
    }
}
