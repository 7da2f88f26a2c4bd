import Landscape

/// The pictures of a report are of several kinds, and drawn by the commands that the page shows.
extension FigureOptions {
    /// How a report's pictures are drawn; an option that is of one picture alone is refused.
    func reportStyle() throws -> FigureStyle {
        let own = ["title", "subtitle", "x-label", "y-label", "x-limits", "y-limits", "value-range"]
        if let (name, _) = given.first(where: { own.contains($0.name) }) {
            throw UnusableRequest(
                "--\(name): a report has pictures of several kinds, each with its own; leave it out, or redraw one with 'landscape plot'"
            )
        }
        return try style(FigureStyle.Part.ofMaps, on: "a report", writes: ["picture.png", "picture.svg"])
    }

    /// The options as words of a command that draws one of the pictures as a .png.
    ///
    /// - Parameter parts: what the command takes.
    func words(_ parts: Set<FigureStyle.Part>) -> [String] {
        let options = given.filter { name, _ in
            let part = name == "log" ? .scale : FigureStyle.Part(rawValue: name)
            return name != "font-family" && part.map(parts.contains) ?? true
        }
        let words = options.flatMap { name, value in
            ["log", "no-legend", "no-marks", "3d"].contains(name) ? ["--\(name)"] : ["--\(name)", value]
        }
        return words + (styleFile.map { ["--style", $0] } ?? [])
    }
}
