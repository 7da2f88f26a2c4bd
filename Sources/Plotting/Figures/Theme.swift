/// The colours of a picture beside those of its data.
public struct Theme: Sendable, Equatable {
    /// How it is called on a command line.
    public let name: String
    /// What is drawn on; without opacity it leaves the ground of a page or a slide as it is.
    public let paper: Color
    /// Text and axes.
    public let ink: Color
    /// Provenance lines and annotations.
    public let quiet: Color
    /// Lines behind data.
    public let gridLine: Color
    /// Series, in order.
    public let series: [Color]

    /// Dark on white, as for paper.
    public static let light = Theme(
        name: "light", paper: Color(0xFFFFFF), ink: Color(0x1A1A1A), quiet: Color(0x666666), gridLine: Color(0xE4E4E4),
        series: Color.seriesPalette)
    /// Light on near-black, as for slides. Series are those of the light theme, lightened until they have a contrast of 4.5 with the
    /// ground.
    public static let dark = Theme(
        name: "dark", paper: Color(0x16181D), ink: Color(0xECECEC), quiet: Color(0xA6A8AD), gridLine: Color(0x34373E),
        series: [
            Color(0x4FA8E8), Color(0xFF8A3D), Color(0x2FCB9F), Color(0xE7A3CB), Color(0x9AD8FF), Color(0xF6BC4A),
            Color(0xC4C4C4),
        ])
    /// The light theme without a ground.
    public static let transparent = Theme(
        name: "transparent", paper: Color(0xFFFFFF, opacity: 0), ink: light.ink, quiet: light.quiet,
        gridLine: Color(0xB4B4B4, opacity: 0.5), series: light.series)

    /// All, in the order of help.
    public static let all = [light, dark, transparent]

    /// What this theme has for a colour.
    func color(_ color: Color) -> Color {
        guard let role = color.role else { return color }
        let own: Color =
            switch role {
            case .paper: paper
            case .ink: ink
            case .quiet: quiet
            case .gridLine: gridLine
            case .series(let number): series[abs(number) % series.count]
            }
        return own.withOpacity(own.opacity * color.opacity)
    }
}

extension Drawing {
    /// The same picture in a theme's colours.
    func themed(_ theme: Theme) -> Drawing {
        var copy = self
        copy.background = theme.color(background)
        copy.elements = elements.map { $0.themed(theme) }
        return copy
    }

    /// The same picture with all lengths times a factor.
    func scaled(by factor: Double) -> Drawing {
        guard factor != 1 else { return self }
        var copy = self
        copy.size = Size(width: size.width * factor, height: size.height * factor)
        copy.fontSize *= factor
        copy.elements = elements.map { $0.scaled(by: factor) }
        return copy
    }
}

extension Drawing.Element {
    fileprivate func themed(_ theme: Theme) -> Drawing.Element {
        switch self {
        case .fill(let path, let color): return .fill(path, theme.color(color))
        case .stroke(let path, var stroke):
            stroke.color = theme.color(stroke.color)
            return .stroke(path, stroke)
        case .text(var line):
            line.color = theme.color(line.color)
            return .text(line)
        case .cells: return self
        case .group(let name, let clip, let children):
            return .group(name, clip: clip, children.map { $0.themed(theme) })
        }
    }

    fileprivate func scaled(by factor: Double) -> Drawing.Element {
        func scaled(_ path: Path) -> Path {
            Path(runs: path.runs.map { Path.Run(points: $0.points.map { factor * $0 }, isClosed: $0.isClosed) })
        }
        switch self {
        case .fill(let path, let color): return .fill(scaled(path), color)
        case .stroke(let path, var stroke):
            stroke.width *= factor
            stroke.dash = stroke.dash.map { $0 * factor }
            return .stroke(scaled(path), stroke)
        case .text(var line):
            line.position = factor * line.position
            line.size *= factor
            return .text(line)
        case .cells(var raster):
            raster.columnEdges = raster.columnEdges.map { $0 * factor }
            raster.rowEdges = raster.rowEdges.map { $0 * factor }
            return .cells(raster)
        case .group(let name, let clip, let children):
            let box = clip.map {
                Box(x: $0.x * factor, y: $0.y * factor, width: $0.width * factor, height: $0.height * factor)
            }
            return .group(name, clip: box, children.map { $0.scaled(by: factor) })
        }
    }
}
