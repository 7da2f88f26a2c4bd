import Foundation

extension StrokeFont {
    /// Reads the glyph table: one glyph a line, `character advance commands`, in thousandths of an em.
    ///
    /// Commands, absolute: `M x y` starts a line, `L x y` continues it (more pairs may follow), `C x1 y1 x2 y2 x y` is a
    /// cubic Bézier curve, `O cx cy rx ry` a closed oval, `Z` closes, `D x y` sets a dot.
    static func parse(_ table: String) -> [Character: Glyph] {
        var glyphs: [Character: Glyph] = [:]
        for line in table.split(separator: "\n") {
            let fields = line.split(separator: " ", maxSplits: 2)
            guard fields.count >= 2, let character = fields[0].first, let advance = Double(fields[1]) else { continue }
            let name: Character = fields[0] == "space" ? " " : fields[0] == "nbsp" ? "\u{A0}" : character
            glyphs[name] = glyph(advance: advance, commands: fields.count == 3 ? String(fields[2]) : "")
        }
        return glyphs
    }

    private static func glyph(advance: Double, commands: String) -> Glyph {
        var glyph = Glyph(advance: advance / 1000, lines: [], dots: [], pen: 1)
        var current: [Point] = []
        func finish(closed: Bool) {
            if !current.isEmpty { glyph.lines.append(Path.Run(points: current, isClosed: closed)) }
            current = []
        }
        for (command, numbers) in split(commands) {
            let points = stride(from: 0, to: numbers.count - 1, by: 2).map {
                Point(numbers[$0] / 1000, numbers[$0 + 1] / 1000)
            }
            switch command {
            case "M":
                finish(closed: false)
                current = points
            case "L":
                current += points
            case "C":
                for index in stride(from: 0, to: points.count - 2, by: 3) {
                    guard let start = current.last else { break }
                    current += curve(start, points[index], points[index + 1], points[index + 2])
                }
            case "O" where points.count == 2:
                finish(closed: false)
                glyph.lines.append(Path.Run(points: oval(center: points[0], radii: points[1]), isClosed: true))
            case "Z":
                finish(closed: true)
            case "D":
                glyph.dots += points
            default:
                break
            }
        }
        finish(closed: false)
        return glyph
    }

    private static func split(_ commands: String) -> [(Character, [Double])] {
        var result: [(Character, [Double])] = []
        var number = ""
        func finishNumber() {
            if let value = Double(number), !result.isEmpty { result[result.count - 1].1.append(value) }
            number = ""
        }
        for character in commands {
            if character.isLetter {
                finishNumber()
                result.append((character, []))
            } else if character == " " {
                finishNumber()
            } else {
                number.append(character)
            }
        }
        finishNumber()
        return result
    }

    private static func curve(_ a: Point, _ b: Point, _ c: Point, _ d: Point) -> [Point] {
        (1...10).map { step in
            let t = Double(step) / 10
            let s = 1 - t
            return (s * s * s) * a + (3 * s * s * t) * b + (3 * s * t * t) * c + (t * t * t) * d
        }
    }

    /// Four curves a little squarer than an ellipse, like the round letters.
    private static func oval(center: Point, radii: Point) -> [Point] {
        let bulge = 0.585
        func at(_ x: Double, _ y: Double) -> Point { Point(center.x + x * radii.x, center.y + y * radii.y) }
        return curve(at(1, 0), at(1, bulge), at(bulge, 1), at(0, 1))
            + curve(at(0, 1), at(-bulge, 1), at(-1, bulge), at(-1, 0))
            + curve(at(-1, 0), at(-1, -bulge), at(-bulge, -1), at(0, -1))
            + curve(at(0, -1), at(bulge, -1), at(1, -bulge), at(1, 0))
    }
}
