import Analyses
import ArrayFiles
import Foundation

/// Numbers at the points of a slice, for ParaView.
public struct GridData: Sendable {
    /// The points.
    public let grid: SliceGrid
    /// Names with a value for every point, in the order of the grid.
    public let arrays: [(name: String, values: [Double])]

    /// - Parameter arrays: as many values as the grid has points.
    public init(_ grid: SliceGrid, arrays: [(name: String, values: [Double])]) {
        (self.grid, self.arrays) = (grid, arrays)
    }

    /// Coordinates along α, along β ([0] for a line), and along γ ([0] for a line or plane).
    var x: [Double] { grid.alpha.values }
    var y: [Double] { grid.beta?.values ?? [0] }
    var z: [Double] { grid.gamma?.values ?? [0] }
}

/// The XML files of the Visualization Toolkit for numbers on a grid, which ParaView opens: ImageData (`.vti`) where the coordinates
/// are evenly spaced, RectilinearGrid (`.vtr`) for any. Numbers are Float64 in base64, exact to the last bit, NaN and infinity too.
/// Format: "VTK File Formats", docs.vtk.org.
enum VTK {
    /// Nil where the coordinates are not evenly spaced.
    static func imageData(_ grid: GridData, about: String) -> [UInt8]? {
        let points = grid.grid
        guard let dx = points.alpha.spacing, let dy = points.beta.map(\.spacing) ?? 1,
            let dz = points.gamma.map(\.spacing) ?? 1
        else { return nil }
        // A plane keeps the words that it had before there was a third axis.
        let third = points.gamma == nil ? (origin: "0", spacing: "1") : (origin: "\(grid.z[0])", spacing: "\(dz)")
        let attributes =
            "Origin=\"\(grid.x[0]) \(grid.y[0]) \(third.origin)\" Spacing=\"\(dx) \(dy) \(third.spacing)\""
        return document("ImageData", grid, about: about, attributes: " " + attributes, coordinates: "")
    }

    static func rectilinearGrid(_ grid: GridData, about: String) -> [UInt8] {
        let axes = [("x", grid.x), ("y", grid.y), ("z", grid.z)].map { array($0.0, $0.1) }.joined()
        return document(
            "RectilinearGrid", grid, about: about, attributes: "", coordinates: "<Coordinates>\n\(axes)</Coordinates>\n"
        )
    }

    private static func document(
        _ kind: String, _ grid: GridData, about: String, attributes: String, coordinates: String
    ) -> [UInt8] {
        let extent = "0 \(grid.x.count - 1) 0 \(grid.y.count - 1) 0 \(grid.z.count - 1)"
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
