import Foundation
import Landscape

extension Terminal {
    /// Draws a result under its lines on standard output: as a picture where the terminal can show one, else with characters.
    func show(_ figure: (any Figure)?, _ style: FigureStyle, _ general: GeneralOptions) throws {
        let window = Window.output
        guard let size = window.size else {
            return general.remark("--show draws nothing here: standard output is no terminal")
        }
        guard !general.json, general.keys.isEmpty else {
            return general.remark("--show draws nothing beside --json and --key")
        }
        let environment = ProcessInfo.processInfo.environment
        if window.hasColors, let kind = TerminalPicture(environment: environment), let figure {
            let columns = min(size.columns, Self.widestPicture)
            return try print(kind.text(png: try style.draw(figure).png(), columns: columns))
        }
        guard let figure = figure?.styled(by: style) as? any TextFigure else {
            return general.remark("--show draws nothing here: the picture has no form in characters")
        }
        let isFull = ["truecolor", "24bit"].contains(environment["COLORTERM"] ?? "")
        let colors: TerminalColors = !window.hasColors ? .none : isFull ? .all : .palette
        // The last line is that of the prompt.
        let rows = min(size.rows - 1, Self.highestDrawing)
        try print("\n" + figure.text(columns: size.columns, rows: rows, colors: colors).joined(separator: "\n"))
    }

    /// Columns that a picture takes at most: about as large as it is drawn.
    private static let widestPicture = 80
    /// Lines that a drawing takes at most.
    private static let highestDrawing = 48
}
