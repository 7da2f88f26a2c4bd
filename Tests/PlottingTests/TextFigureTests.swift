import Essentials
import Foundation
import Testing

@testable import Plotting

/// Figures as characters of a terminal.
@Suite struct TextFigureTests {
    /// A bowl with its minimum at (0.5, −0.5).
    private static let bowl: HeatmapFigure = {
        func square(_ x: Double) -> Double { x * x }
        let x: [Double] = (0...20).map { Double($0 - 10) / 10 }
        let values: [Double] = x.flatMap { y in x.map { x in 1 + square(x - 0.5) + square(y + 0.5) } }
        return HeatmapFigure(title: "bowl", xLabel: "α", yLabel: "β", valueLabel: "loss", x: x, y: x, values: values)
    }()

    private static func plain(_ line: String) -> String { line.replacing(/\u{1B}\[[0-9;]*m/, with: "") }

    /// The colours of the half blocks of a line, upper then lower, in the order of its characters.
    private static func colors(_ line: String) -> [(upper: [Int], lower: [Int])] {
        var result: [(upper: [Int], lower: [Int])] = [], current = (upper: [Int](), lower: [Int]())
        for part in line.matches(of: /\u{1B}\[38;2;(\d+);(\d+);(\d+);48;2;(\d+);(\d+);(\d+)m|▀/) {
            if let red = part.1 {
                current = ([red, part.2!, part.3!].map { Int($0)! }, [part.4!, part.5!, part.6!].map { Int($0)! })
            } else {
                result.append(current)
            }
        }
        return result
    }

    @Test(arguments: [(80, 24), (60, 20), (40, 40), (20, 10)]) func fits(_ columns: Int, _ rows: Int) {
        let line = LineFigure(
            title: "a title that is longer than the smallest of these windows", xAxis: Axis("α"),
            leftAxis: Axis("loss"),
            rightAxis: Axis("accuracy", range: 0...1),
            series: [
                Series("loss", x: [-1, 0, 1], y: [1, 0, 1]),
                Series("accuracy", x: [-1, 0, 1], y: [0.2, 1, 0.2], side: .right),
            ])
        for figure in [Self.bowl as any TextFigure, line] {
            for colors in [TerminalColors.all, .palette, .none] {
                let lines = figure.text(columns: columns, rows: rows, colors: colors)
                #expect(
                    lines.allSatisfy { Self.plain($0).columnsWide <= columns },
                    "\(lines.joined(separator: "\n"))")
                #expect(lines.count <= max(rows, 14))
                // Colours end with each line, and there are none where the terminal has none.
                for line in lines where line.contains("\u{1B}") {
                    #expect(line.contains("\u{1B}[0m") && colors != .none)
                }
            }
        }
    }

    /// Pixels have the colours of the values where they stand: up is up, right is right.
    @Test func pixels() throws {
        let figure = Self.bowl, lines = figure.text(columns: 80, rows: 30, colors: .all)
        let rows = lines.map(Self.colors).filter { $0.count > 10 }
        #expect(rows.count >= 20 && Set(rows.map(\.count)).count <= 2)
        let map = figure.colorMap, scale = HeatmapPlan(figure, in: Box(x: 0, y: 0, width: 600, height: 600)).scale
        let corner = try #require(scale.color(of: 1 + 1.5 * 1.5 + 1.5 * 1.5)),
            first = try #require(rows.first?.first).upper
        let best = map.color(at: 0)
        func distance(_ color: Color, _ parts: [Int]) -> Int {
            zip([color.red, color.green, color.blue], parts).reduce(0) { $0 + abs(Int($1.0) - $1.1) }
        }
        // Top left is the highest corner, and the middle of the lower right quarter the minimum.
        #expect(distance(corner, first) < 40)
        let low = rows[rows.count * 3 / 4], column = low.count * 3 / 4
        #expect(distance(best, low[column - 2].lower) < 40)
        #expect(distance(best, try #require(rows.first?.last).upper) > 200)
    }

    /// Axes have numbers, the colour bar its ends, and the signs their places.
    @Test func words() {
        let text = Self.bowl.text(columns: 80, rows: 30, colors: .none).joined(separator: "\n")
        #expect(text.hasPrefix("bowl\nβ\n"))
        for words in ["+ centre (0, 0): 1.5", "o minimum (0.5, −0.5): 1", "5.5  loss", "┤", "α", " 0.0"] {
            #expect(text.contains(words), "\(words): \(text)")
        }
        // Without colours, weight grows with the value.
        #expect(text.contains("█") && text.contains("░"))
    }

    /// Cells without a value are shown as such.
    @Test func nonFinite() {
        var figure = HeatmapFigure(x: [0, 1, 2], y: [0, 1, 2], values: [1, 2, .nan, 4, 5, .infinity, 7, 8, 9])
        figure.title = "a\u{1B}[2Jb"
        let lines = figure.text(columns: 60, rows: 20, colors: .none)
        #expect(
            lines[0] == "a\\u{1b}[2Jb" && lines.joined().contains("?")
                && lines.joined().contains("not finite, 2 of 9 cells"))
        let none = HeatmapFigure(x: [0], y: [0], values: [.nan]).text(columns: 60, rows: 20, colors: .all)
        #expect(none == ["no finite values"])
        _ = HeatmapFigure(x: [], y: [], values: []).text(columns: 60, rows: 20, colors: .all)
        _ = LineFigure(series: []).text(columns: 60, rows: 20, colors: .all)
        _ = LineFigure(series: [Series("a", x: [0, 1], y: [.nan, 1e308])]).text(columns: 60, rows: 20, colors: .all)
    }

    /// A line goes from corner to corner, in its colour, and its lowest point is marked.
    @Test func lines() {
        var figure = LineFigure(series: [Series("up", x: [0, 1], y: [0, 1], color: Color(0x0072B2))])
        figure.marksLowest = true
        let lines = figure.text(columns: 60, rows: 20, colors: .all)
        let drawn = lines.filter {
            $0.contains { 0x2800 < $0.unicodeScalars.first!.value && $0.unicodeScalars.first!.value < 0x2900 }
        }
        let places = drawn.map { line in
            Self.plain(line).firstIndex { $0.unicodeScalars.first!.value > 0x2800 }!.utf16Offset(in: Self.plain(line))
        }
        #expect(drawn.count > 8 && places == places.sorted(by: >) && drawn.allSatisfy { $0.contains("38;2;0;114;178") })
        #expect(lines.joined().contains("o lowest 0 at 0"))
        // The lowest value of a density means nothing.
        figure.marksLowest = nil
        #expect(!figure.text(columns: 60, rows: 20, colors: .all).joined().contains("lowest"))
    }

    /// The nearest of xterm's colours.
    @Test func palette() {
        #expect(Color(0x000000).paletteNumber == 16 && Color(0xFFFFFF).paletteNumber == 231)
        #expect(
            Color(0xFF0000).paletteNumber == 196 && Color(0x080808).paletteNumber == 232
                && Color(0x767676).paletteNumber == 243)
    }

    @Test func kinds() {
        func kind(_ environment: [String: String]) -> String {
            TerminalPicture(environment: environment).map { "\($0)" } ?? "none"
        }
        #expect(
            kind(["TERM": "xterm-kitty"]) == "kitty"
                && kind(["TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"]) == "kitty")
        #expect(kind(["TERM_PROGRAM": "ghostty"]) == "kitty" && kind(["TERM_PROGRAM": "WezTerm"]) == "iTerm")
        #expect(kind(["TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"]) == "iTerm")
        // What stands between takes none of them.
        #expect(
            kind(["TERM": "tmux-256color", "KITTY_WINDOW_ID": "1"]) == "none"
                && kind(["TERM": "xterm-256color"]) == "none")
        #expect(kind(["TERM": "dumb", "TERM_PROGRAM": "iTerm.app"]) == "none")
    }

    /// kitty gets chunks of at most 4096 bytes of which only the last says that it is; iTerm2 gets all at once. Both hold the file.
    @Test func pictures() throws {
        let png = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let chunks = TerminalPicture.kitty.text(png: png, columns: 60).components(separatedBy: "\u{1B}\\").dropLast()
        #expect(chunks.count == 4 && chunks[0].hasPrefix("\u{1B}_Gf=100,a=T,q=2,c=60,m=1;"))
        #expect(chunks.dropLast().allSatisfy { $0.contains("m=1;") } && chunks.last!.hasPrefix("\u{1B}_Gm=0;"))
        let parts = chunks.map { $0.split(separator: ";", maxSplits: 1)[1] }
        #expect(parts.allSatisfy { $0.count <= 4096 } && Data(base64Encoded: parts.joined()) == Data(png))
        let inline = TerminalPicture.iTerm.text(png: png, columns: 60)
        #expect(inline.hasPrefix("\u{1B}]1337;File=inline=1;size=10000;width=60;") && inline.hasSuffix("\u{7}"))
        #expect(Data(base64Encoded: String(inline.split(separator: ":")[1].dropLast())) == Data(png))
    }
}
