import Testing

@testable import Plotting

@Suite struct BarFigureTests {
    /// As many rows as a ResNet-20 has tensors, in groups of six.
    static func figure(_ count: Int) -> BarFigure {
        BarFigure(
            title: "blocks", quantities: ["λmax", "trace"],
            rows: (0..<count).map { index in
                let value = Double(index % 7) - 1
                return BarFigure.Row(
                    "conv\(index % 6).weight", group: "layer\(index / 6)", values: [value, 100 * value],
                    intervals: [(value - 0.5)...(value + 0.5), nil])
            })
    }

    /// Every name can be read: on the page, and on no other text.
    @Test(arguments: [1, 7, 60]) func names(_ count: Int) {
        let drawing = Self.figure(count).draw()
        let texts = drawing.texts
        #expect(texts.filter { $0.string.hasPrefix("conv") }.count == count)
        #expect(texts.filter { $0.string.hasPrefix("layer") }.count == (count + 5) / 6)
        let page = Box(x: 0, y: 0, width: drawing.size.width, height: drawing.size.height)
        for (index, line) in texts.enumerated() {
            #expect(line.corners.allSatisfy(page.contains), "\(line.string)")
            let met = texts[..<index].first(where: line.overlaps)
            #expect(met == nil, "\(line.string) on \(met?.string ?? "")")
        }
    }

    /// Bars run from zero to their values, beside their names.
    @Test func bars() throws {
        let drawing = Self.figure(7).draw()
        let bars = try #require(drawing.fills(inGroup: "bars-0").first).runs.map { Path(runs: [$0]).boundingBox }
        #expect(bars.count == 7)
        let unit = bars[2].width
        #expect(abs(bars[0].width - unit) < 1e-9 && abs(bars[0].maxX - bars[2].x) < 1e-9, "−1 and 1")
        #expect(bars[1].width < 1e-9 && abs(bars[6].width - 5 * unit) < 1e-9)
        let name = try #require(drawing.texts.first { $0.string == "conv2.weight" })
        #expect(abs(name.position.y - bars[2].center.y) < 1e-9)
        #expect(drawing.strings(inGroup: "bars-1").contains("−100"))
    }

    @Test func nonFiniteAndNothing() {
        let rows = [
            BarFigure.Row("a", values: [.nan], intervals: [nil]), .init("b", values: [.infinity], intervals: [nil]),
        ]
        let drawing = BarFigure(quantities: ["λ"], rows: rows).draw()
        #expect(drawing.strings(inGroup: "bars-0").filter { $0 == "not finite" }.count == 2)
        #expect(BarFigure(quantities: ["λ"], rows: []).draw().texts.map(\.string) == ["no data"])
    }

    /// Values stand inside their plot, also those of negative bars.
    @Test func valuesAreInside() throws {
        let rows = [-0.00809, 0.9].map { BarFigure.Row("w\($0)", values: [$0], intervals: [($0 - 0.1)...($0 + 0.1)]) }
        for width in [230.0, 400, 820] {
            let drawing = BarFigure(quantities: ["trace"], rows: rows, width: width).draw()
            let bars = try #require(drawing.fills(inGroup: "bars-0").first).boundingBox
            let words = drawing.texts.filter { ["−0.00809", "0.9"].contains($0.string) }
            #expect(words.count == 2)
            for line in words {
                let ends = line.corners.map(\.x)
                #expect(ends.min()! > bars.x && ends.max()! < width - 4, "\(line.string) at \(ends)")
            }
        }
    }
}
