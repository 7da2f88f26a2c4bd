import Essentials
import Foundation
import Testing

@testable import Plotting

@Suite struct FigureStyleTests {
    private static let map: HeatmapFigure = {
        let x = ContourLinesTests.grid(from: -1, to: 1, count: 21)
        return HeatmapFigure(
            title: "map", xLabel: "α", yLabel: "β", valueLabel: "loss", x: x, y: x,
            values: ContourLinesTests.paraboloid(center: Point(0, 0), x: x, y: x).map { $0 + 0.01 })
    }()
    private static let lines = LineFigure(
        title: "lines", xAxis: Axis("α"), leftAxis: Axis("loss"),
        series: [
            Series("a", x: [0, 1, 2], y: [1, 10, 100], marker: .circle),
            Series("b", x: [0, 1, 2], y: [.nan, 2, .infinity]),
        ])
    private static let panels = PanelFigure(title: "panels", panels: [map, lines, map])

    @Test(arguments: [3.25, 6.75, 10]) func textKeepsItsSizeAtAnyWidth(_ inches: Double) {
        for (figure, name) in [(Self.map as any Figure, "β"), (Self.lines, "loss"), (Self.panels, "β")] {
            var style = FigureStyle()
            (style.width, style.fontSize) = (72 * inches, 8)
            let drawing = style.draw(figure)
            #expect(abs(drawing.size.width - 72 * inches) < 1e-9)
            #expect(drawing.texts.first { $0.string == name }?.size == 8)
            // Nothing leaves the picture.
            for text in drawing.texts where text.rotation == 0 {
                let left = text.start.x
                #expect(left >= -0.5 && left + text.width <= drawing.size.width + 0.5, "\(text.string) at \(inches) in")
            }
        }
    }

    /// Three panels stand side by side where there is room, and below each other in a column.
    @Test func panelsStack() {
        var style = FigureStyle()
        style.width = 240
        #expect((Self.panels.fitting(240, height: nil) as? PanelFigure)?.columns == 1)
        #expect((Self.panels.fitting(900, height: nil) as? PanelFigure)?.columns == 3)
        #expect(style.draw(Self.panels).size.height > 500)
    }

    @Test func themesReplaceColoursOfPurposeAlone() {
        for theme in Theme.all {
            var style = FigureStyle()
            style.theme = theme
            let drawing = style.draw(Self.map)
            #expect(drawing.background.opacity == theme.paper.opacity)
            #expect(drawing.texts.first { $0.string == "map" }?.color.luminance == theme.ink.luminance)
            // What is told by colour stays: all cells but those of the ground are of the map.
            let cells = drawing.groups(named: "cells").flatMap { $0 }
            guard case .cells(let raster)? = cells.first else { Issue.record("no cells"); return }
            #expect(raster.colors.allSatisfy(ColorMap.viridis.colors.contains))
            // WCAG AA for text.
            let ground = theme.paper.opacity > 0 ? theme.paper.luminance : 1
            for ink in [theme.ink, theme.quiet] + (theme.name == "dark" ? theme.series : []) {
                let (low, high) = (min(ink.luminance, ground), max(ink.luminance, ground))
                #expect((high + 0.05) / (low + 0.05) >= 4.5, "\(theme.name) \(ink.hexText)")
            }
        }
    }

    /// A transparent picture over white is the light one, within rounding.
    @Test func transparentPixels() throws {
        var style = FigureStyle()
        (style.theme, style.width) = (.transparent, 200)
        let drawing = style.draw(Self.lines)
        var light = drawing
        light.background = .white
        let expected = PixelCanvas(light, scale: 1), found = try drawing.transparentPixels(scale: 1)
        for at in 0..<(expected.width * expected.height) {
            let opacity = Double(found.bytes[4 * at + 3]) / 255
            for part in 0..<3 {
                let over = 255 + opacity * (Double(found.bytes[4 * at + part]) - 255)
                #expect(abs(over - Double(expected.bytes[3 * at + part])) <= 2)
            }
        }
        #expect(found.bytes[3] == 0 && found.bytes.contains(255))
    }

    @Test func scaleIsChosenByTheSameRuleAndSaid() {
        func subtitle(_ figure: any Figure, _ scale: ValueScale? = nil) -> [String] {
            var style = FigureStyle()
            style.scale = scale
            return style.draw(figure).texts.map(\.string).filter { $0.contains("scale") }
        }
        var lines = Self.lines
        lines.valueScale = .automatic
        #expect(subtitle(Self.map) == ["log scale"] && subtitle(lines) == ["log scale"])
        #expect(subtitle(Self.map, .linear) == ["linear scale"] && subtitle(lines, .linear) == ["linear scale"])
        // A figure that chose its own scale says nothing of a rule.
        #expect(subtitle(Self.lines).isEmpty)
        // Panels that are compared share one.
        var flat = Self.map
        flat = HeatmapFigure(x: flat.x, y: flat.y, values: flat.values.map { $0 + 1 })
        #expect(subtitle(PanelFigure(panels: [Self.map, flat])) == [" · log scale"].map { String($0.dropFirst(3)) })
    }

    @Test func wordsBecomeAStyle() throws {
        var style = FigureStyle()
        for (name, value) in [
            ("dpi", "300"), ("width", "600px"), ("height", "82mm"), ("font-size", "8"), ("theme", "dark"),
            ("colors", "magma_r"), ("contours", "8"), ("fill", "cells"), ("scale", "log"), ("x-limits", "-1:2"),
            ("legend", "false"), ("marks", "false"), ("view", "-60,30"), ("title", ""),
        ] {
            try style.set(name, to: value)
        }
        #expect(style.width == 144 && abs((style.height ?? 0) - 82 / 25.4 * 72) < 1e-9 && style.fontSize == 8)
        #expect(style.colorMap == ColorMap.magma.reversed && style.contours == .count(8) && style.title == "")
        #expect(style.xLimits == -1...2 && !style.showsLegend && !style.showsMarks && style.scale == .logarithmic)
        for name in FigureStyle.settings
        where !["title", "subtitle", "x-label", "y-label", "font-family"].contains(name) {
            for value in ["", "x", "nan", "inf", "1e400", "-1", "0in", "9e9in", "1:", "2:1", "nan:1", "1,2,3", "_r"] {
                let before = style
                do {
                    try style.set(name, to: value)
                    #expect(name == "contours" || name == "dpi", "\(name) \(value)")
                } catch {
                    #expect("\(error)".hasPrefix(name) && "\(error)".contains("expected"))
                    #expect(style == before)
                }
            }
        }
        #expect(throws: FigureStyleError.unknown(name: "widht")) { try style.set("widht", to: "1in") }
    }

    /// Levels and limits where a figure has no data.
    @Test func misses() {
        func misses(_ figure: any Figure, _ set: (inout FigureStyle) -> Void) -> [StyleMiss] {
            var style = FigureStyle()
            set(&style)
            return style.misses(in: figure)
        }
        // Values from 0.01 to 2.01.
        for figure in [Self.map as any Figure, SurfaceFigure(Self.map), Self.panels] {
            #expect(misses(figure) { $0.contours = .levels([0.5, 1]) }.isEmpty)
            #expect(misses(figure) { $0.contours = .count(3) }.isEmpty)
            let some = misses(figure) { $0.contours = .levels([1, 3]) }
            #expect(some.map(\.isWhole) == [false] && some[0].words.contains("3: no line"), "\(some)")
            let all = misses(figure) { $0.contours = .levels([0.01, 3]) }
            #expect(all.map(\.isWhole) == [true] && all[0].words.contains("between 0.01 and"), "\(all)")
        }
        for figure in [Self.map as any Figure, Self.lines] {
            #expect(misses(figure) { ($0.xLimits, $0.yLimits) = (0...9, 0...9) }.isEmpty)
            #expect(misses(figure) { $0.xLimits = 5...9 }.map(\.part) == [.xLimits])
            #expect(misses(figure) { $0.yLimits = -9 ... -5 }.map(\.part) == [.yLimits])
        }
        #expect(misses(LineFigure(series: [])) { $0.xLimits = 5...9 }.isEmpty)
    }

    @Test func recordsAreTheSameFigure() throws {
        var surface = SurfaceFigure(Self.map)
        surface.view = SurfaceFigure.View(azimuth: 10, elevation: 20)
        let bars = BarFigure(
            title: "bars", quantities: ["a"], rows: [BarFigure.Row("x", group: "g", values: [.nan], intervals: [nil])])
        for figure in [Self.map, Self.lines, Self.panels, surface, bars] as [any Figure] {
            let json = try FigureRecord(figure).json()
            #expect(try FigureRecord(json: json).figure.draw() == figure.draw())
        }
        // Parts that do not fit together are refused.
        let text = String(decoding: try FigureRecord(Self.lines).json(), as: UTF8.self)
        for (from, to) in [
            ("\"x\":[0,1,2]", "\"x\":[0,1]"), ("\"format\":1", "\"format\":2"), ("\"width\":480", "\"width\":1e9"),
            ("\"width\":480", "\"width\":-1"),
        ] {
            #expect(text.contains(from), "\(from)")
            #expect(throws: DecodingError.self) {
                try FigureRecord(json: Array(text.replacing(from, with: to).utf8))
            }
        }
    }
}
