import Foundation

/// An opaque RGB picture that drawings are painted into.
struct PixelCanvas {
    let width: Int
    let height: Int
    /// Pixels per point.
    let scale: Double
    /// Red, green and blue, row by row from the top; 3 · width · height bytes.
    private(set) var bytes: [UInt8]

    /// Paints a drawing; its edges are rounded up to whole pixels.
    init(_ drawing: Drawing, scale: Double) {
        self.scale = scale
        width = max(1, Int((drawing.size.width * scale).rounded(.up)))
        height = max(1, Int((drawing.size.height * scale).rounded(.up)))
        let paper = drawing.background
        bytes = [UInt8](repeating: 255, count: 3 * width * height)
        for index in 0..<(width * height) {
            bytes[3 * index] = paper.red
            bytes[3 * index + 1] = paper.green
            bytes[3 * index + 2] = paper.blue
        }
        paint(drawing.elements, clip: (0..<width, 0..<height))
    }

    typealias Clip = (x: Range<Int>, y: Range<Int>)

    private mutating func paint(_ elements: [Drawing.Element], clip: Clip) {
        for element in elements {
            switch element {
            case .fill(let path, let color):
                fill(path.runs.map { $0.points.map(inPixels) }, color, clip)
            case .stroke(let path, let stroke):
                paint(path, stroke, clip)
            case .text(let line):
                paint(line, clip)
            case .cells(let raster):
                paint(raster, clip)
            case .group(_, let box, let children):
                paint(children, clip: box.map { intersect(clip, $0) } ?? clip)
            }
        }
    }

    private func inPixels(_ p: Point) -> Point { Point(p.x * scale, p.y * scale) }

    private func intersect(_ clip: Clip, _ box: Box) -> Clip {
        func range(_ limits: Range<Int>, _ low: Double, _ high: Double) -> Range<Int> {
            let first = CoverageRaster.pixel((low * scale).rounded())
            let end = CoverageRaster.pixel((high * scale).rounded())
            return limits.clamped(to: min(first, end)..<max(first, end))
        }
        return (range(clip.x, box.x, box.maxX), range(clip.y, box.y, box.maxY))
    }

    private mutating func fill(_ outlines: [[Point]], _ color: Color, _ clip: Clip) {
        let raster = CoverageRaster(width: width, height: height)
        let (red, green, blue) = (Double(color.red), Double(color.green), Double(color.blue))
        let stride = 3 * width
        bytes.withUnsafeMutableBufferPointer { pixels in
            raster.fill(outlines, clip: clip) { row, firstColumn, coverage in
                var at = row * stride + 3 * firstColumn
                for share in coverage {
                    if share > 0 {
                        let alpha = share * color.opacity
                        pixels[at] = PixelCanvas.mix(pixels[at], red, alpha)
                        pixels[at + 1] = PixelCanvas.mix(pixels[at + 1], green, alpha)
                        pixels[at + 2] = PixelCanvas.mix(pixels[at + 2], blue, alpha)
                    }
                    at += 3
                }
            }
        }
    }

    private static func mix(_ below: UInt8, _ above: Double, _ alpha: Double) -> UInt8 {
        let value = Double(below) + alpha * (above - Double(below))
        return UInt8(min(255, max(0, value + 0.5)))
    }

    private mutating func paint(_ path: Path, _ stroke: Stroke, _ clip: Clip) {
        var runs = path.runs
        if !stroke.dash.isEmpty { runs = StrokeOutline.dashed(runs, pattern: stroke.dash) }
        var pixelRuns = runs.map { Path.Run(points: $0.points.map(inPixels), isClosed: $0.isClosed) }
        var thickness = stroke.width * scale
        if stroke.isCrisp {
            thickness = max(1, thickness.rounded())
            // An odd thickness has its middle in the middle of a pixel.
            let offset = Int(thickness) % 2 == 1 ? 0.5 : 0
            for index in pixelRuns.indices {
                pixelRuns[index].points = pixelRuns[index].points.map {
                    Point(($0.x - offset).rounded() + offset, ($0.y - offset).rounded() + offset)
                }
            }
        }
        fill(StrokeOutline.outlines(of: pixelRuns, width: thickness, cap: stroke.cap), stroke.color, clip)
    }

    private mutating func paint(_ line: TextLine, _ clip: Clip) {
        let font = StrokeFont.standard
        let em = line.size * scale
        let angle = line.rotation * .pi / 180
        let (sine, cosine) = line.rotation == 0 ? (0, 1) : line.rotation == -90 ? (-1, 0) : (sin(angle), cos(angle))
        var origin = inPixels(line.position)
        let drop = line.baselineDrop * scale
        origin = origin + Point(-sine * drop, cosine * drop)
        // Upright text stands on a whole pixel: its horizontal strokes stay equally sharp.
        if line.rotation == 0 { origin.y = origin.y.rounded() }
        if line.rotation == -90 { origin.x = origin.x.rounded() }
        let advance = font.width(of: line.string, size: em, weight: line.weight)
        let start = line.anchor == .start ? 0 : line.anchor == .middle ? -advance / 2 : -advance
        var outlines: [[Point]] = []
        for part in font.strokes(of: line.string, size: em, weight: line.weight) {
            let runs = part.runs.map { run in
                Path.Run(
                    points: run.points.map { p in
                        Point(
                            origin.x + cosine * (p.x + start) - sine * p.y,
                            origin.y + sine * (p.x + start) + cosine * p.y)
                    }, isClosed: run.isClosed)
            }
            outlines += StrokeOutline.outlines(of: runs, width: max(0.8, part.width), cap: .round)
        }
        fill(outlines, line.color, clip)
    }

    private mutating func paint(_ raster: CellRaster, _ clip: Clip) {
        // A pixel takes the colour of the cell that its centre lies in.
        func cell(of edges: [Double], limits: Range<Int>) -> [(pixel: Int, cell: Int)] {
            var result: [(Int, Int)] = []
            for index in 0..<max(0, edges.count - 1) {
                let first = CoverageRaster.pixel((edges[index] * scale).rounded())
                let end = CoverageRaster.pixel((edges[index + 1] * scale).rounded())
                guard first < end else { continue }
                for pixel in limits.clamped(to: first..<end) { result.append((pixel, index)) }
            }
            return result
        }
        let columns = cell(of: raster.columnEdges, limits: clip.x)
        let rows = cell(of: raster.rowEdges, limits: clip.y)
        for (y, row) in rows {
            for (x, column) in columns {
                let color = raster.colors[row * raster.columns + column]
                guard color.opacity > 0 else { continue }
                let at = 3 * (y * width + x)
                bytes[at] = PixelCanvas.mix(bytes[at], Double(color.red), color.opacity)
                bytes[at + 1] = PixelCanvas.mix(bytes[at + 1], Double(color.green), color.opacity)
                bytes[at + 2] = PixelCanvas.mix(bytes[at + 2], Double(color.blue), color.opacity)
            }
        }
    }
}
