import Foundation

/// The built-in typeface: letters as centre lines that are drawn with a round pen.
///
/// Made for this project, so that pictures need no font files and look the same on every machine. Glyphs live in
/// `StrokeFont+Glyphs.swift`. Lengths are in ems: a line of text of size 10 has an em of 10 points.
struct StrokeFont: Sendable {
    struct Glyph: Sendable {
        /// The distance to the next letter's origin, in ems.
        var advance: Double
        /// Centre lines, in ems, y upwards from the baseline's centre line.
        var lines: [Path.Run]
        /// Centres of dots (of i, full stop), in ems.
        var dots: [Point]
        /// The pen's width relative to that of a full-size letter.
        var pen: Double
    }

    /// Strokes of one pen width, in the unit of the size asked for, y downwards from the baseline.
    struct Part {
        var runs: [Path.Run]
        var width: Double
    }

    /// The height of a digit over the baseline, in ems.
    static let digitHeight = 0.724
    static let standard = StrokeFont()

    private let glyphs: [Character: Glyph]

    private init() {
        glyphs = StrokeFont.withDerivedGlyphs(StrokeFont.parse(StrokeFont.glyphTable))
    }

    /// Characters that have a glyph of their own.
    var characters: Set<Character> { Set(glyphs.keys) }

    static func penWidth(_ weight: TextLine.Weight) -> Double {
        weight == .bold ? 0.122 : 0.084
    }

    /// The advance of a line of text, in the unit of `size`.
    func width(of text: String, size: Double, weight: TextLine.Weight) -> Double {
        layout(text, weight).width * size
    }

    func strokes(of text: String, size: Double, weight: TextLine.Weight) -> [Part] {
        let pen = StrokeFont.penWidth(weight)
        let placed = layout(text, weight)
        var byPen: [Double: [Path.Run]] = [:]
        var dots: [Path.Run] = []
        for (glyph, x) in placed.glyphs {
            // The centre line of the lowest stroke lies half a pen above the baseline.
            func place(_ p: Point) -> Point { Point((x + p.x) * size, -(p.y + pen / 2) * size) }
            byPen[glyph.pen, default: []] += glyph.lines.map {
                Path.Run(points: $0.points.map(place), isClosed: $0.isClosed)
            }
            dots += glyph.dots.map { Path.Run(points: [place($0)], isClosed: false) }
        }
        var parts = byPen.keys.sorted().map { Part(runs: byPen[$0] ?? [], width: $0 * pen * size) }
        if !dots.isEmpty { parts.append(Part(runs: dots, width: 1.3 * pen * size)) }
        return parts
    }

    private func layout(_ text: String, _ weight: TextLine.Weight) -> (glyphs: [(Glyph, Double)], width: Double) {
        var x = 0.0
        var previous: Character?
        var placed: [(Glyph, Double)] = []
        for character in text {
            let glyph = glyph(for: character)
            if let previous { x += StrokeFont.kerning["\(previous)\(character)"] ?? 0 }
            placed.append((glyph, x))
            x += glyph.advance + Self.tracking(weight)
            previous = character
        }
        return (placed, x)
    }

    /// The glyph; for an accented letter that of its base letter; otherwise an empty frame.
    func glyph(for character: Character) -> Glyph {
        if let glyph = glyphs[character] { return glyph }
        if let base = String(character).decomposedStringWithCanonicalMapping.unicodeScalars.first,
            let glyph = glyphs[Character(base)]
        {
            return glyph
        }
        return Self.missing
    }

    /// An empty frame.
    static let missing = Glyph(
        advance: 0.5,
        lines: [
            Path.Run(
                points: [Point(0.09, 0), Point(0.41, 0), Point(0.41, 0.64), Point(0.09, 0.64)], isClosed: true)
        ], dots: [], pen: 0.6)

    /// Room that a broader pen needs beside each letter, in ems.
    static func tracking(_ weight: TextLine.Weight) -> Double { weight == .bold ? 0.03 : 0 }

    /// Raised and lowered characters with the plain ones that they are made from.
    static let shifted: [Character: (base: Character, isRaised: Bool)] = {
        var table: [Character: (base: Character, isRaised: Bool)] = [:]
        for (made, base) in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵀ", "0123456789+−=()niT") { table[made] = (base, true) }
        for (made, base) in zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎", "0123456789+−=()") { table[made] = (base, false) }
        return table
    }()

    /// Adds the raised and lowered characters, with a pen that is thinned less than the shape.
    private static func withDerivedGlyphs(_ table: [Character: Glyph]) -> [Character: Glyph] {
        var result = table
        for (made, source) in shifted {
            guard let glyph = table[source.base] else { continue }
            func place(_ p: Point) -> Point { Point(0.6 * p.x + 0.01, 0.6 * p.y + (source.isRaised ? 0.33 : -0.12)) }
            result[made] = Glyph(
                advance: 0.6 * glyph.advance + 0.02,
                lines: glyph.lines.map { Path.Run(points: $0.points.map(place), isClosed: $0.isClosed) },
                dots: glyph.dots.map(place), pen: 0.8)
        }
        if let raised = result["¹"], let bar = result["/"], let lowered = result["₂"] {
            var half = Glyph(advance: 0, lines: [], dots: [], pen: 0.8)
            for part in [raised, bar, lowered] {
                let start = half.advance
                half.lines += part.lines.map { line in
                    Path.Run(points: line.points.map { Point($0.x + start, $0.y) }, isClosed: line.isClosed)
                }
                half.advance += part.advance
            }
            result["½"] = half
        }
        return result
    }

    /// Pairs whose letters would stand too far apart, in ems.
    static let kerning: [String: Double] = {
        var table: [String: Double] = [:]
        func pairs(_ first: String, _ second: String, _ amount: Double) {
            for a in first { for b in second { table["\(a)\(b)"] = amount } }
        }
        pairs("T", "aceosr", -0.07)
        pairs("VWY", "aeo", -0.05)
        pairs("AL", "TVWY", -0.07)
        pairs("TVWY", "dgqumnpzLΛ", -0.03)
        pairs("kxKX", "aceodq", -0.03)
        pairs("LKR", "yv", -0.04)
        pairs("r", "aceodqg", -0.02)
        pairs("TVYFP", "A", -0.06)
        pairs("rvwyTVYFP", ".,", -0.05)
        pairs("f", "f", -0.01)
        pairs("1", "1", -0.04)
        pairs("7", ".,", -0.06)
        pairs("/", "/", -0.06)
        return table
    }()
}
