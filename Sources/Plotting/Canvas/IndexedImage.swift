/// Even cells of at most 256 colours as the pixels of an image, a hundredth of the size of rectangles.
struct IndexedImage {
    let width: Int, height: Int
    /// At least one colour.
    let palette: [Color]
    /// A number of the palette for each pixel, row by row from the top.
    let pixels: [UInt8]
    /// Where it lies, in points.
    let box: Box
    /// Whether colours may run into each other where it is enlarged.
    let isSmooth: Bool

    /// Nil where cells are not even, not all visible, or of more colours than the palette holds.
    init?(_ raster: CellRaster) {
        guard raster.columns > 0, raster.rows > 0, Self.isEven(raster.columnEdges), Self.isEven(raster.rowEdges),
            raster.colors.allSatisfy({ $0.opacity == 1 })
        else { return nil }
        var numbers: [Color: UInt8] = [:], palette: [Color] = [], pixels: [UInt8] = []
        pixels.reserveCapacity(raster.colors.count)
        for color in raster.colors {
            if let number = numbers[color] {
                pixels.append(number)
            } else if palette.count < 256 {
                numbers[color] = UInt8(palette.count)
                pixels.append(UInt8(palette.count))
                palette.append(color)
            } else {
                return nil
            }
        }
        (width, height, self.palette, self.pixels) = (raster.columns, raster.rows, palette, pixels)
        let (x, y) = (raster.columnEdges[0], raster.rowEdges[0])
        box = Box(x: x, y: y, width: raster.columnEdges.last! - x, height: raster.rowEdges.last! - y)
        isSmooth = raster.isSmooth
    }

    private static func isEven(_ edges: [Double]) -> Bool {
        let step = (edges.last! - edges[0]) / Double(edges.count - 1)
        return step > 0 && edges.indices.allSatisfy { abs(edges[0] + Double($0) * step - edges[$0]) < 1e-3 * step }
    }
}
