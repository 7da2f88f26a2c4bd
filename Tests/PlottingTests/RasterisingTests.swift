import Foundation
import Testing

@testable import Plotting

@Suite struct RasterisingTests {
    static func coverage(_ outlines: [[Point]], width: Int = 8, height: Int = 8) -> [[Double]] {
        var rows = [[Double]](repeating: [Double](repeating: 0, count: width), count: height)
        CoverageRaster(width: width, height: height).fill(outlines, clip: (0..<width, 0..<height)) {
            row, first, shares in
            for (offset, share) in shares.enumerated() { rows[row][first + offset] = share }
        }
        return rows
    }

    static func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> [Point] {
        Path.rectangle(Box(x: x, y: y, width: width, height: height)).points
    }

    @Test func partlyCoveredPixelsGetTheirShare() {
        let rows = Self.coverage([Self.rectangle(1.25, 2.5, 2, 1)])
        #expect(rows[2][0] == 0 && rows[2][4] == 0 && rows[1][2] == 0 && rows[4][2] == 0)
        #expect(rows[2][1] == 0.375 && rows[2][2] == 0.5 && rows[2][3] == 0.125)
        #expect(rows[3][1] == 0.375 && rows[3][2] == 0.5 && rows[3][3] == 0.125)
    }

    @Test func overlapCountsOnceWhateverTheDirection() {
        let (a, b) = (Self.rectangle(1, 1, 4, 3), Self.rectangle(3, 2, 4, 4))
        #expect(Self.coverage([a, b])[2][3] == 1)
        let total = Self.coverage([a, b]).flatMap { $0 }.reduce(0, +)
        #expect(total == 12 + 16 - 4)
        // Opposite directions cancel: this is how rings are made.
        let ring = Self.coverage([a, Self.rectangle(2, 2, 2, 1).reversed()])
        #expect(ring[2][2] == 0 && ring[2][1] == 1)
        #expect(ring.flatMap { $0 }.reduce(0, +) == 10)
    }

    @Test func clippingCutsOffCleanly() {
        let total = Self.coverage([Self.rectangle(-100, -100, 104.5, 102)]).flatMap { $0 }.reduce(0, +)
        #expect(total == 4.5 * 2)
        #expect(Self.coverage([Self.rectangle(20, 20, 5, 5)]).flatMap { $0 }.allSatisfy { $0 == 0 })
        #expect(
            Self.coverage([[Point(.nan, 1), Point(3, .infinity), Point(2, 2)]]).flatMap { $0 }.allSatisfy { $0 <= 1 })
    }

    @Test func strokesHaveTheirWidth() {
        let square = [Path.Run(points: [Point(10, 10), Point(50, 10), Point(50, 50), Point(10, 50)], isClosed: true)]
        let area = Self.coverage(StrokeOutline.outlines(of: square, width: 4, cap: .butt), width: 64, height: 64)
            .flatMap { $0 }.reduce(0, +)
        // Four sides of 40 × 4; at each corner a quarter disc outside, and one 2 × 2 overlap counted twice inside.
        #expect(abs(area - (4 * 40 * 4 + .pi * 4 - 4 * 4)) < 0.5)
        let line = [Path.Run(points: [Point(10, 10), Point(40, 50)], isClosed: false)]
        let round = Self.coverage(StrokeOutline.outlines(of: line, width: 6, cap: .round), width: 64, height: 64)
            .flatMap { $0 }.reduce(0, +)
        // The disc is a polygon of 28 sides or more: it misses 1 % of its area at most.
        #expect(abs(round - (50 * 6 + .pi * 9)) < 0.6)
    }

    @Test func dashesFollowThePattern() {
        let corner = [Path.Run(points: [Point(0, 0), Point(10, 0), Point(10, 10)], isClosed: false)]
        let dashes = StrokeOutline.dashed(corner, pattern: [6, 3])
        #expect(
            dashes.map(\.points) == [
                [Point(0, 0), Point(6, 0)], [Point(9, 0), Point(10, 0), Point(10, 5)], [Point(10, 8), Point(10, 10)],
            ])
        #expect(StrokeOutline.dashed(corner, pattern: [0, 0]) == corner)
    }

    @Test func cellsFillWholePixels() {
        let raster = CellRaster(
            columnEdges: [0, 1.4, 4], rowEdges: [0, 2, 3],
            colors: [Color(0xFF0000), Color(0x00FF00), Color(0x0000FF), Color(0x000000)])
        let canvas = PixelCanvas(Drawing(size: Size(width: 4, height: 3), elements: [.cells(raster)]), scale: 1)
        #expect(canvas.pixel(0, 0) == [255, 0, 0] && canvas.pixel(1, 0) == [0, 255, 0])
        #expect(canvas.pixel(0, 2) == [0, 0, 255] && canvas.pixel(3, 2) == [0, 0, 0])
    }

    @Test func groupsClipAndOpacityMixes() {
        let black = Drawing.Element.fill(
            .rectangle(Box(x: 0, y: 0, width: 10, height: 10)), Color(0x000000, opacity: 0.5))
        let drawing = Drawing(
            size: Size(width: 10, height: 10),
            elements: [.group("half", clip: Box(x: 0, y: 0, width: 5, height: 10), [black])])
        let canvas = PixelCanvas(drawing, scale: 1)
        #expect(canvas.pixel(4, 5) == [128, 128, 128])
        #expect(canvas.pixel(5, 5) == [255, 255, 255])
    }

    @Test func crispLinesCoverWholePixels() {
        let line = Drawing.Element.stroke(.line(Point(0.2, 3.3), Point(8, 3.3)), .crisp(.black, width: 1))
        for (scale, rows) in [(1.0, 1), (2.0, 2), (3.0, 3)] {
            let canvas = PixelCanvas(Drawing(size: Size(width: 8, height: 8), elements: [line]), scale: scale)
            let column = (0..<canvas.height).map { canvas.pixel(canvas.width / 2, $0)[0] }
            #expect(column.filter { $0 == 0 }.count == rows)
            #expect(column.filter { $0 == 255 }.count == canvas.height - rows)
        }
    }
}
