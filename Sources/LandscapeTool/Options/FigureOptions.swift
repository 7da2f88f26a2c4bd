import ArgumentParser
import Foundation
import Landscape

/// How a picture is drawn; what every command takes that draws one.
struct FigureOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Width of the picture, such as 3.25in, 82mm, 240pt or 600px.", valueName: "length"))
    var width: String?
    @Option(help: ArgumentHelp("Height of the picture (default: what fits the width).", valueName: "length"))
    var height: String?
    @Option(
        help: ArgumentHelp(
            "Size of the letters that name axes, in points (default: 11). It stays the same at any width.",
            valueName: "points"))
    var fontSize: String?
    @Option(help: ArgumentHelp("Pixels per inch of a .png (default: 144).", valueName: "number")) var dpi: String?
    @Option(help: ArgumentHelp("light, dark or transparent (default: light).", valueName: "name")) var theme: String?
    @Option(
        help: ArgumentHelp("Family of the letters of an .svg that follows its page.", valueName: "name"))
    var fontFamily: String?
    @Option(
        help: ArgumentHelp(
            "Colours of a map: \(ColorMap.all.map(\.name).joined(separator: ", ")), or one of these with _r (default: viridis).",
            valueName: "name"))
    var colors: String?
    @Option(
        help: ArgumentHelp(
            "Contour lines of a map: auto, none, how many (such as 8), or levels such as 0.5,1,2.", valueName: "levels")
    )
    var contours: String?
    @Option(
        help: ArgumentHelp(
            "smooth or cells: how a map is coloured between the points (default: smooth from 9 points on).",
            valueName: "kind"))
    var fill: String?
    @Option(
        help: ArgumentHelp(
            "auto, linear or log. auto takes log where all values are positive and span more than 30 times.",
            valueName: "kind"))
    var scale: String?
    @Flag(name: .customLong("log"), help: .log) var isLogarithmic = false
    @Option(help: ArgumentHelp("Values at the ends of the colour scale, as a:b.", valueName: "range"))
    var valueRange: String?
    @Option(help: ArgumentHelp("Title of the picture.", valueName: "text")) var title: String?
    @Option(help: ArgumentHelp("The line under the title.", valueName: "text")) var subtitle: String?
    @Option(help: ArgumentHelp("Name of the horizontal axis.", valueName: "text")) var xLabel: String?
    @Option(help: ArgumentHelp("Name of the vertical axis.", valueName: "text")) var yLabel: String?
    @Option(help: ArgumentHelp("Ends of the horizontal axis, as a:b.", valueName: "range")) var xLimits: String?
    @Option(help: ArgumentHelp("Ends of the vertical axis, as a:b.", valueName: "range")) var yLimits: String?
    @Flag(help: "Leave out the key.") var noLegend = false
    @Flag(help: "Leave out the marks of centre, minimum and evaluated points.") var noMarks = false
    @Flag(name: .customLong("3d"), help: "Draw a map as a surface in space.") var isInSpace = false
    @Option(
        help: ArgumentHelp(
            "Direction that a surface is seen from, in degrees as matplotlib's view_init, such as -60,30 (default: one that shows the minimum and hides least).",
            valueName: "azimuth,elevation"))
    var view: String?
    @Option(
        name: .customLong("style"),
        help: ArgumentHelp(
            "A TOML file with any of these, such as width = \"3.25in\"; options here go before it.", valueName: "file"),
        completion: .file(extensions: ["toml"]))
    var styleFile: String?

    /// Names and values of what is given.
    var given: [(name: String, value: String)] {
        let values: [(String, String?)] = [
            ("dpi", dpi), ("width", width), ("height", height), ("font-size", fontSize), ("theme", theme),
            ("font-family", fontFamily), ("colors", colors), ("contours", contours), ("fill", fill), ("scale", scale),
            ("log", isLogarithmic ? "true" : nil), ("value-range", valueRange), ("title", title),
            ("subtitle", subtitle), ("x-label", xLabel), ("y-label", yLabel), ("x-limits", xLimits),
            ("y-limits", yLimits), ("no-legend", noLegend ? "true" : nil), ("no-marks", noMarks ? "true" : nil),
            ("3d", isInSpace ? "true" : nil), ("view", view),
        ]
        return values.compactMap { name, value in value.map { (name, $0) } }
    }

    func validate() throws {
        if isLogarithmic, let scale, scale != "log" {
            throw ValidationError("--log and --scale \(scale): expected one of them")
        }
        var style = FigureStyle()
        try set(&style)
    }

    private func set(_ style: inout FigureStyle) throws {
        for (name, value) in given {
            do { try style.set(name, to: value) } catch { throw ValidationError("--\(error)") }
        }
        style.isInSpace = isInSpace || view != nil
    }

    /// Whether losses are compared by their logarithm.
    var drawsLogarithm: Bool { isLogarithmic || scale == "log" }

    /// What the options and the style file say.
    ///
    /// - Parameters:
    ///   - parts: what of it changes the picture; another option is refused. A style file is for many pictures and may say more.
    ///   - figure: what the picture is, for the refusal.
    ///   - files: all that is written, pictures or not.
    ///   - isShown: whether the terminal shows the picture, too.
    func style(_ parts: Set<FigureStyle.Part>, on figure: String, writes files: [String], isShown: Bool = false) throws
        -> FigureStyle
    {
        try checkFormats(files, isShown: isShown)
        var own = FigureStyle()
        try set(&own)
        if let part = own.parts.subtracting(parts).map(\.rawValue).min() {
            throw UnusableRequest("\(FigureStyleError.noEffect(name: part, on: figure))")
        }
        guard let styleFile else { return try checked(own, parts, figure) }
        var style = FigureStyle()
        try style.read(styleFile)
        if !parts.contains(.space) { (style.view, style.isInSpace) = (nil, false) }
        let isInSpace = style.isInSpace
        try set(&style)
        style.isInSpace = style.isInSpace || isInSpace
        return try checked(style, parts, figure)
    }

    /// Letters across, and above each other, that a picture has room for at least.
    private static let least = (across: 11.0, high: 8.0)

    /// Refuses what cannot be drawn together.
    private func checked(_ style: FigureStyle, _ parts: Set<FigureStyle.Part>, _ figure: String) throws -> FigureStyle {
        if style.isInSpace, style.xLimits != nil || style.yLimits != nil {
            throw UnusableRequest("--x-limits and --y-limits of a surface in space: it is drawn whole; leave them out")
        }
        if style.scale == .logarithmic {
            let isMap = parts.contains(.space)
            for (name, range) in [("value-range", style.valueRange), ("y-limits", isMap ? nil : style.yLimits)] {
                guard let range, range.lowerBound <= 0 else { continue }
                throw UnusableRequest(
                    "--\(name) \(range.lowerBound):\(range.upperBound) on a logarithmic scale: expected a range above 0"
                )
            }
        }
        let size = style.fontSize ?? 11
        for (name, length, letters) in [
            ("width", style.width, Self.least.across), ("height", style.height, Self.least.high),
        ] {
            guard let length, length < letters * size else { continue }
            throw UnusableRequest(
                "--\(name): \(Int(length)) points are too few for letters of \(Int(size)); expected at least \(Int((letters * size).rounded(.up)))pt, or a smaller --font-size"
            )
        }
        return style
    }

    /// Refuses all of it where no picture is drawn.
    func refuse(_ reason: String) throws {
        if let (name, _) = given.first { throw UnusableRequest("--\(name): \(reason); leave it out") }
    }

    /// Refuses what changes no file that is written.
    private func checkFormats(_ files: [String], isShown: Bool) throws {
        let formats = Set(files.filter(OutputFile.isPicture).map { ($0 as NSString).pathExtension.lowercased() })
        // A scale also says where an adaptive slice needs points.
        if formats.isEmpty, !isShown, let (name, _) = given.first(where: { !["scale", "log"].contains($0.name) }) {
            let endings = pictureFormats.map { "." + $0 }.joined(separator: ", ")
            throw UnusableRequest(
                "--\(name): no picture is written; expected -o with a name that ends in \(endings), or no --\(name)")
        }
        let found = formats.sorted().map { "." + $0 }.joined(separator: ", ")
        if fontFamily != nil, !formats.contains("svg") {
            throw UnusableRequest(
                "--font-family changes nothing in a \(found.isEmpty ? "picture on the terminal" : found); expected -o with a name that ends in .svg, or no --font-family"
            )
        }
        // A length in pixels depends on it in every format.
        let hasPixels = [width, height].contains { $0?.hasSuffix("px") == true }
        if dpi != nil, !formats.contains("png"), !isShown, !hasPixels {
            throw UnusableRequest(
                "--dpi changes nothing in a \(found), which has no pixels; expected -o with a name that ends in .png, or no --dpi"
            )
        }
    }

    /// What a style asks for and a figure has no data for, as remarks.
    ///
    /// - Throws: `UnusableRequest` where an option, and not the style file, asked for it, and nothing of it is drawn.
    func remarks(_ style: FigureStyle, on figure: any Figure) throws -> [String] {
        var own = FigureStyle()
        try set(&own)
        return try style.misses(in: figure).map { miss in
            if miss.isWhole, own.parts.contains(miss.part) {
                throw UnusableRequest("--\(miss.part.rawValue) \(miss.words)")
            }
            return miss.remark
        }
    }
}
