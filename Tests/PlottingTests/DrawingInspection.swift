import Foundation

@testable import Plotting

/// What tests ask drawings and pictures.
extension Drawing {
    /// All cell rasters in the groups of that name.
    func rasters(inGroup name: String) -> [CellRaster] {
        groups(named: name).flatMap { children in
            children.compactMap { if case .cells(let raster) = $0 { raster } else { nil } }
        }
    }

    /// All stroked paths in the groups of that name.
    func strokes(inGroup name: String) -> [Path] {
        groups(named: name).flatMap { children in
            children.compactMap { if case .stroke(let path, _) = $0 { path } else { nil } }
        }
    }

    func fills(inGroup name: String) -> [Path] {
        groups(named: name).flatMap { children in
            children.compactMap { if case .fill(let path, _) = $0 { path } else { nil } }
        }
    }

    func strings(inGroup name: String) -> [String] {
        groups(named: name).flatMap { children in
            children.compactMap { if case .text(let line) = $0 { line.string } else { nil } }
        }
    }

    /// The frame of the only plot: the first stroked rectangle at top level.
    var frame: Box? {
        for case .stroke(let path, _) in elements {
            let points = path.points
            if points.count == 4, path.runs[0].isClosed {
                return Box(
                    x: points[0].x, y: points[0].y, width: points[2].x - points[0].x, height: points[2].y - points[0].y)
            }
        }
        return nil
    }
}

extension Path {
    var boundingBox: Box {
        let (xs, ys) = (points.map(\.x), points.map(\.y))
        let (left, top) = (xs.min() ?? 0, ys.min() ?? 0)
        return Box(x: left, y: top, width: (xs.max() ?? 0) - left, height: (ys.max() ?? 0) - top)
    }
}

extension PixelCanvas {
    func pixel(_ x: Int, _ y: Int) -> [UInt8] {
        Array(bytes[(3 * (y * width + x))..<(3 * (y * width + x) + 3)])
    }

    /// The first and last columns and rows that are not white.
    var inkExtent: (left: Int, right: Int, top: Int, bottom: Int)? {
        var extent: (left: Int, right: Int, top: Int, bottom: Int)?
        for y in 0..<height {
            for x in 0..<width where pixel(x, y) != [255, 255, 255] {
                let e = extent ?? (x, x, y, y)
                extent = (min(e.left, x), max(e.right, x), min(e.top, y), max(e.bottom, y))
            }
        }
        return extent
    }
}
