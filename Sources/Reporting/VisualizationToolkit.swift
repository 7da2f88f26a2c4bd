import ArrayFiles
import Foundation

/// Numbers at the points of an α × β grid; the first index runs along α. One coordinate in `y` makes a line.
public struct GridData: Sendable {
    public var x: [Double], y: [Double]
    /// x.count · y.count values each.
    public var arrays: [(name: String, values: [Double])]

    public init(x: [Double], y: [Double] = [0], arrays: [(name: String, values: [Double])]) {
        (self.x, self.y, self.arrays) = (x, y, arrays)
    }

    /// Whether coordinates are evenly spaced, as `.vti` needs them.
    public var isEven: Bool { VisualizationToolkit.spacing(x) != nil && VisualizationToolkit.spacing(y) != nil }
}

/// The XML files of the Visualization Toolkit for numbers on a grid, which ParaView opens: ImageData (`.vti`) where the coordinates
/// are evenly spaced, RectilinearGrid (`.vtr`) for any. Numbers are Float64 in base64, exact to the last bit, NaN and infinity too.
/// Format: "VTK File Formats", docs.vtk.org.
enum VisualizationToolkit {
    /// The spacing of evenly spaced coordinates; nil where they are not.
    static func spacing(_ values: [Double]) -> Double? {
        guard values.count > 1, let first = values.first, let last = values.last else { return 1 }
        let step = (last - first) / Double(values.count - 1)
        let isEven = values.indices.allSatisfy { abs(values[$0] - first - Double($0) * step) <= 1e-9 * abs(step) }
        return isEven ? step : nil
    }

    /// Nil where the coordinates are not evenly spaced.
    static func imageData(_ grid: GridData, about: String) -> [UInt8]? {
        guard let dx = spacing(grid.x), let dy = spacing(grid.y) else { return nil }
        let attributes = "Origin=\"\(grid.x[0]) \(grid.y[0]) 0\" Spacing=\"\(dx) \(dy) 1\""
        return document("ImageData", grid, about: about, attributes: " " + attributes, coordinates: "")
    }

    static func rectilinearGrid(_ grid: GridData, about: String) -> [UInt8] {
        let axes = [("x", grid.x), ("y", grid.y), ("z", [0])].map { array($0.0, $0.1) }.joined()
        return document(
            "RectilinearGrid", grid, about: about, attributes: "", coordinates: "<Coordinates>\n\(axes)</Coordinates>\n"
        )
    }

    private static func document(
        _ kind: String, _ grid: GridData, about: String, attributes: String, coordinates: String
    ) -> [UInt8] {
        let extent = "0 \(grid.x.count - 1) 0 \(grid.y.count - 1) 0 0"
        let data = grid.arrays.map { array($0.name, $0.values) }.joined()
        // Two hyphens would end a comment.
        var comment = about
        while comment.contains("--") { comment = comment.replacing("--", with: "- -") }
        let text = """
            <?xml version="1.0"?>
            <!-- \(comment) -->
            <VTKFile type="\(kind)" version="1.0" byte_order="LittleEndian" header_type="UInt64">
            <\(kind) WholeExtent="\(extent)"\(attributes)>
            <Piece Extent="\(extent)">
            \(coordinates)<PointData Scalars="\(grid.arrays.first?.name ?? "")">
            \(data)</PointData>
            </Piece>
            </\(kind)>
            </VTKFile>

            """
        return Array(text.utf8)
    }

    /// Eight bytes of length before the numbers.
    private static func array(_ name: String, _ values: [Double]) -> String {
        var bytes: [UInt8] = []
        let count = UInt64(8 * values.count)
        for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: count >> UInt64(8 * shift))) }
        bytes += NumericArray(values).bytes
        let text = Data(bytes).base64EncodedString()
        return "<DataArray type=\"Float64\" Name=\"\(name)\" format=\"binary\">\(text)</DataArray>\n"
    }
}
