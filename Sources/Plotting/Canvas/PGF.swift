import Foundation

extension Drawing {
    /// The picture as commands of LaTeX's package `pgf`, for `\input`, with the letters of the document.
    ///
    /// Sizes are the document's, too: `\normalsize` for titles, `\small` for the names of axes, `\footnotesize` for numbers, and
    /// `\scriptsize` for the rest. Words that are wider in the document's letters than in ours are set narrower. Maps are rectangles of at
    /// most 64 × 64 colours, as TeX has no images of its own.
    ///
    /// - Parameter metadata: pairs of keyword and text, as comments.
    public func pgf(metadata: [(keyword: String, text: String)] = []) -> String {
        var writer = PGFWriter(height: size.height, base: fontSize)
        writer.write(elements)
        var text = "% \\usepackage{pgf} in the preamble, then \\input{this file}.\n"
        for (keyword, value) in metadata {
            text += "% \(keyword): \(value.split(whereSeparator: \.isNewline).joined(separator: " "))\n"
        }
        text += "\\begingroup\n\(PGFWriter.macros)\\begin{pgfpicture}\n\\pgfpathrectangle{\\pgfpointorigin}"
        text += "{\\pgfqpoint{\(SVG.number(size.width))bp}{\(SVG.number(size.height))bp}}\n"
        if background.opacity > 0, background.hexText != "#ffffff" {
            text += "\(PGFWriter.color(background))\\pgfusepath{use as bounding box,fill}\n"
        } else {
            text += "\\pgfusepath{use as bounding box}\n"
        }
        return text + writer.output + "\\end{pgfpicture}\n\\endgroup\n"
    }
}

/// Writes drawings as commands of pgf. Its y runs upwards.
private struct PGFWriter {
    private(set) var output = ""
    private let height: Double
    /// Size of the names of axes, in points.
    private let base: Double

    init(height: Double, base: Double) { (self.height, self.base) = (height, base) }

    mutating func write(_ elements: [Drawing.Element]) {
        for element in elements {
            switch element {
            case .fill(let path, let color) where color.opacity > 0:
                output += "{\(Self.color(color))\(data(path, closesAll: true))\\pgfusepath{fill}}%\n"
            case .stroke(let path, let stroke) where stroke.color.opacity > 0: write(path, stroke)
            case .fill, .stroke: break
            case .text(let line): write(line)
            case .cells(let raster): write(raster.coarsened(to: 64))
            case .group(_, let clip, let children):
                output += "\\begin{pgfscope}%\n"
                if let clip { output += "\(rectangle(clip))\\pgfusepath{clip}%\n" }
                write(children)
                output += "\\end{pgfscope}%\n"
            }
        }
    }

    private mutating func write(_ path: Path, _ stroke: Stroke) {
        output += "{\(Self.color(stroke.color))\\pgfsetlinewidth{\(SVG.number(stroke.width))bp}"
        output += stroke.cap == .round ? "\\pgfsetroundcap\\pgfsetroundjoin" : "\\pgfsetbuttcap\\pgfsetroundjoin"
        output += "\\pgfsetdash{\(stroke.dash.map { "{\(SVG.number($0))bp}" }.joined())}{0bp}"
        output += "\(data(path, closesAll: false))\\pgfusepath{stroke}}%\n"
    }

    private mutating func write(_ line: TextLine) {
        let sizes = [(1.1, "\\normalsize"), (0.93, "\\small"), (0.79, "\\footnotesize"), (0, "\\scriptsize")]
        let size = sizes.first { line.size >= $0.0 * base }!.1
        let side = line.anchor == .start ? "left" : line.anchor == .end ? "right" : "center"
        let height =
            switch line.baseline {
            case .alphabetic: "base"
            case .middle: ""
            case .top: "top"
            }
        let places =
            [side, height].filter { !$0.isEmpty && $0 != "center" } + [
                "x=\(SVG.number(line.position.x))bp", "y=\(SVG.number(self.height - line.position.y))bp",
                "rotate=\(SVG.number(-line.rotation))",
            ]
        output += "{\(Self.color(line.color))\\color{landscape}\\pgftext[\(places.joined(separator: ","))]"
        let words = "\(size)\(line.weight == .bold ? "\\bfseries" : "")\\strut{}\(LaTeX.text(line.string))"
        output += "{\\landscapetext{\(SVG.number(line.width))bp}{\(words)}}}%\n"
    }

    /// Cells of one colour share a path.
    private mutating func write(_ raster: CellRaster) {
        var runs: [Color: String] = [:], order: [Color] = []
        raster.forEachRun { row, columns, color in
            if runs[color] == nil { order.append(color) }
            let (x, y) = (raster.columnEdges[columns.lowerBound], raster.rowEdges[row])
            // A pixel under the next, so that no viewer shows a seam between them.
            let overlap = 0.75, right = raster.columnEdges[columns.upperBound], bottom = raster.rowEdges[row + 1]
            runs[color, default: ""] += rectangle(
                Box(
                    x: x, y: y, width: min(right + overlap, raster.columnEdges.last ?? right) - x,
                    height: min(bottom + overlap, raster.rowEdges.last ?? bottom) - y))
        }
        for color in order { output += "{\(Self.color(color))\(runs[color]!)\\pgfusepath{fill}}%\n" }
    }

    private func rectangle(_ box: Box) -> String {
        "\\pgfpathrectangle{\(point(Point(box.x, box.maxY)))}"
            + "{\\pgfqpoint{\(SVG.number(box.width))bp}{\(SVG.number(box.height))bp}}%\n"
    }

    private func point(_ p: Point) -> String {
        "\\pgfqpoint{\(SVG.number(p.x))bp}{\(SVG.number(height - p.y))bp}"
    }

    private func data(_ path: Path, closesAll: Bool) -> String {
        path.words(
            closesAll: closesAll, move: { "\\pgfpathmoveto{\(point($0))}%\n" },
            line: { "\\pgfpathlineto{\(point($0))}%\n" }, close: "\\pgfpathclose%\n")
    }

    /// Opacity and dashes stay as they are when a group of TeX ends, so every element sets them.
    static func color(_ color: Color) -> String {
        let parts = [color.red, color.green, color.blue].map { SVG.number(Double($0) / 255) }.joined(separator: ",")
        return "\\landscapecolor{\(parts)}{\(SVG.number(color.opacity))}"
    }

    /// A colour with its opacity, and words in a box of at most a width.
    static let macros = """
        \\def\\landscapecolor#1#2{\\definecolor{landscape}{rgb}{#1}\\pgfsetfillcolor{landscape}\\pgfsetstrokecolor{landscape}%
        \\pgfsetfillopacity{#2}\\pgfsetstrokeopacity{#2}}
        \\def\\landscapetext#1#2{\\sbox0{#2}\\ifdim\\wd0>#1 \\resizebox{#1}{\\height}{\\usebox0}\\else\\usebox0\\fi}

        """
}

/// Words as LaTeX has them.
enum LaTeX {
    /// Text with LaTeX's own characters escaped, and signs that its fonts lack as mathematics.
    static func text(_ string: String) -> String {
        string.map { character in
            if let shifted = StrokeFont.shifted[character] {
                return "$\(shifted.isRaised ? "^" : "_"){\(mathematics[shifted.base] ?? String(shifted.base))}$"
            }
            if let sign = mathematics[character] { return "$\(sign)$" }
            return special[character] ?? String(character)
        }.joined()
    }

    private static let special: [Character: String] = [
        "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "#": "\\#", "$": "\\$", "%": "\\%", "&": "\\&", "_": "\\_",
        "^": "\\textasciicircum{}", "~": "\\textasciitilde{}", "–": "--", "…": "\\dots{}", "’": "'", "\u{A0}": "~",
        "½": "\\textonehalf{}",
    ]

    private static let mathematics: [Character: String] = {
        var table: [Character: String] = [
            "−": "-", "×": "\\times", "·": "\\cdot", "±": "\\pm", "≤": "\\le", "≥": "\\ge", "≈": "\\approx",
            "≠": "\\ne",
            "∞": "\\infty", "‖": "\\|", "√": "\\surd", "→": "\\to", "∇": "\\nabla", "∂": "\\partial", "Σ": "\\Sigma",
            "∈": "\\in", "∝": "\\propto", "ℓ": "\\ell", "∘": "\\circ", "⊙": "\\odot", "∥": "\\parallel", "÷": "\\div",
            "←": "\\leftarrow", "↑": "\\uparrow", "↓": "\\downarrow", "∫": "\\int", "•": "\\bullet", "°": "^\\circ",
            "ι": "\\iota",
            "<": "<", ">": ">", "|": "|", "½": "\\frac12", "′": "'", "∑": "\\sum", "≪": "\\ll", "⁻": "-",
        ]
        let greek = [
            ("α", "alpha"), ("β", "beta"), ("γ", "gamma"), ("δ", "delta"), ("ε", "varepsilon"), ("ζ", "zeta"),
            ("η", "eta"), ("θ", "theta"), ("κ", "kappa"), ("λ", "lambda"), ("μ", "mu"), ("ν", "nu"), ("ξ", "xi"),
            ("π", "pi"), ("ρ", "rho"), ("σ", "sigma"), ("τ", "tau"), ("φ", "varphi"), ("χ", "chi"), ("ψ", "psi"),
            ("ω", "omega"), ("Γ", "Gamma"), ("Δ", "Delta"), ("Θ", "Theta"), ("Λ", "Lambda"), ("Π", "Pi"),
            ("Φ", "Phi"), ("Ψ", "Psi"), ("Ω", "Omega"),
        ]
        for (letter, name) in greek { table[Character(letter)] = "\\" + name }
        return table
    }()
}

extension CellRaster {
    /// The same with at most so many columns and rows, of which each takes the colour in its middle.
    func coarsened(to most: Int) -> CellRaster {
        func kept(_ edges: [Double]) -> (edges: [Double], cells: [Int]) {
            let count = edges.count - 1
            guard count > most else { return (edges, Array(0..<max(0, count))) }
            let bounds = (0...most).map { $0 * count / most }
            return (bounds.map { edges[$0] }, (0..<most).map { (bounds[$0] + bounds[$0 + 1]) / 2 })
        }
        let across = kept(columnEdges), down = kept(rowEdges)
        return CellRaster(
            columnEdges: across.edges, rowEdges: down.edges,
            colors: down.cells.flatMap { row in across.cells.map { colors[row * columns + $0] } })
    }
}
