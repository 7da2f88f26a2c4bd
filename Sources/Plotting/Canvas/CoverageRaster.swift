/// Turns outlines into the share of each pixel that they cover.
///
/// Sixteen sample lines a pixel row, exact along each line: smooth edges, the same bits every time, and the non-zero
/// winding rule, so overlapping pieces of one stroke count once.
struct CoverageRaster {
    static let samplesPerRow = 16

    let width: Int
    let height: Int

    private struct Edge {
        var top: Double
        var bottom: Double
        var xAtTop: Double
        var slope: Double
        var winding: Int
    }

    /// Calls `emit(row, firstColumn, coverages)` for each pixel row that the outlines touch, coverages in 0...1.
    ///
    /// - Parameters:
    ///   - outlines: closed polygons in pixels, y downwards; the closing side is implied.
    ///   - clip: first and past-the-last column and row that may be touched.
    func fill(
        _ outlines: [[Point]], clip: (x: Range<Int>, y: Range<Int>),
        emit: (Int, Int, UnsafeBufferPointer<Double>) -> Void
    ) {
        var edges: [Edge] = []
        var (left, right) = (Double.infinity, -Double.infinity)
        for outline in outlines where outline.count > 1 {
            var previous = outline[outline.count - 1]
            for point in outline {
                defer { previous = point }
                guard point.isFinite, previous.isFinite else { continue }
                left = min(left, point.x)
                right = max(right, point.x)
                guard point.y != previous.y else { continue }
                let down = point.y > previous.y
                let (a, b) = down ? (previous, point) : (point, previous)
                edges.append(
                    Edge(
                        top: a.y, bottom: b.y, xAtTop: a.x, slope: (b.x - a.x) / (b.y - a.y), winding: down ? 1 : -1))
            }
        }
        guard !edges.isEmpty, left.isFinite, right.isFinite else { return }
        let firstColumn = max(clip.x.lowerBound, CoverageRaster.pixel(left))
        let endColumn = min(clip.x.upperBound, CoverageRaster.pixel(right) + 1)
        guard firstColumn < endColumn else { return }
        edges.sort { ($0.top, $0.xAtTop, $0.bottom) < ($1.top, $1.xAtTop, $1.bottom) }
        let bottom = edges.reduce(-Double.infinity) { max($0, $1.bottom) }
        let firstRow = max(clip.y.lowerBound, CoverageRaster.pixel(edges[0].top))
        let endRow = min(clip.y.upperBound, CoverageRaster.pixel(bottom) + 1)
        guard firstRow < endRow else { return }
        sweep(edges, columns: firstColumn..<endColumn, rows: firstRow..<endRow, emit: emit)
    }

    private func sweep(
        _ edges: [Edge], columns: Range<Int>, rows: Range<Int>, emit: (Int, Int, UnsafeBufferPointer<Double>) -> Void
    ) {
        let count = columns.count
        // `partial` holds shares of single pixels, `steps` the rises and falls of whole runs of covered pixels.
        var partial = [Double](repeating: 0, count: count + 1)
        var steps = [Double](repeating: 0, count: count + 1)
        var coverage = [Double](repeating: 0, count: count)
        var active: [Int] = []
        var next = 0
        var crossings: [(x: Double, winding: Int)] = []
        let (low, high) = (Double(columns.lowerBound), Double(columns.upperBound))
        let share = 1 / Double(CoverageRaster.samplesPerRow)
        for row in rows {
            while next < edges.count, edges[next].top < Double(row + 1) {
                active.append(next)
                next += 1
            }
            active.removeAll { edges[$0].bottom <= Double(row) }
            var touched = false
            for sample in 0..<CoverageRaster.samplesPerRow {
                let y = Double(row) + (Double(sample) + 0.5) * share
                crossings.removeAll(keepingCapacity: true)
                for index in active where edges[index].top <= y && edges[index].bottom > y {
                    let edge = edges[index]
                    crossings.append((edge.xAtTop + (y - edge.top) * edge.slope, edge.winding))
                }
                guard !crossings.isEmpty else { continue }
                crossings.sort { $0.x < $1.x }
                var winding = 0
                var start = 0.0
                for crossing in crossings {
                    if winding == 0 { start = crossing.x }
                    winding += crossing.winding
                    guard winding == 0 else { continue }
                    let from = max(start, low) - low
                    let to = min(crossing.x, high) - low
                    guard to > from else { continue }
                    touched = true
                    let (first, last) = (Int(from), Int(to))
                    if first == last {
                        partial[first] += (to - from) * share
                    } else {
                        partial[first] += (Double(first + 1) - from) * share
                        partial[last] += (to - Double(last)) * share
                        steps[first + 1] += share
                        steps[last] -= share
                    }
                }
            }
            guard touched else { continue }
            var running = 0.0
            for column in 0..<count {
                running += steps[column]
                coverage[column] = min(1, max(0, running + partial[column]))
                steps[column] = 0
                partial[column] = 0
            }
            steps[count] = 0
            partial[count] = 0
            coverage.withUnsafeBufferPointer { emit(row, columns.lowerBound, $0) }
        }
    }

    /// The pixel a coordinate falls into; far outside values are limited so that the conversion cannot trap.
    static func pixel(_ value: Double) -> Int {
        Int(min(1e6, max(-1e6, value)).rounded(.down))
    }
}
