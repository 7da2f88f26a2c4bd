import Analyses
import ArrayFiles

extension SliceReport {
    /// Arrays of the `.npz` file.
    public var arrays: [(name: String, array: NumericArray)] {
        let shape = slice.grid.shape
        func grid(_ values: [Double]) -> NumericArray { NumericArray(values, shape: shape) }
        var arrays: [(name: String, array: NumericArray)] = [
            ("loss", grid(slice.loss)), ("alpha", NumericArray(slice.alpha)),
        ]
        if slice.grid.dimension > 1 { arrays.append(("beta", NumericArray(slice.beta))) }
        if slice.grid.dimension > 2 { arrays.append(("gamma", NumericArray(slice.gamma))) }
        if let accuracy = slice.accuracy { arrays.append(("accuracy", grid(accuracy))) }
        if let other = slice.other {
            arrays.append(("other_loss", grid(other.loss)))
            if let accuracy = other.accuracy { arrays.append(("other_accuracy", grid(accuracy))) }
        }
        if let isMeasured = slice.isMeasured { arrays.append(("evaluated", NumericArray(isMeasured, shape: shape))) }
        // In the metadata, too; here to the last bit.
        arrays.append(("center", NumericArray([slice.center], shape: [])))
        if let cosine = slice.cosine { arrays.append(("cosine", NumericArray([cosine], shape: []))) }
        arrays.append(("curvature_hvp", NumericArray(slice.audit.curvatureFromProduct.map { $0 ?? .nan })))
        arrays.append(("relative_reach", NumericArray(slice.audit.relativeReach)))
        for (i, vector) in directions.vectors.enumerated() {
            arrays.append(("direction_\(i + 1)", NumericArray(vector)))
        }
        if planes.count > 1 {
            let band = SliceBand(planes.map(\.slice.loss))
            arrays += [
                ("planes", NumericArray(planes.flatMap(\.slice.loss), shape: [planes.count] + shape)),
                ("seeds", NumericArray(planes.map { Int(truncatingIfNeeded: $0.seed) })),
                ("mean", grid(band.mean)), ("lowest", grid(band.lowest)), ("highest", grid(band.highest)),
            ]
        }
        return arrays
    }

    /// Numbers on the grid, for ParaView.
    public var grid: GridData? {
        var arrays = [("loss", slice.loss)]
        if let accuracy = slice.accuracy { arrays.append(("accuracy", accuracy)) }
        if let other = slice.other { arrays.append(("other_loss", other.loss)) }
        if let accuracy = slice.other?.accuracy { arrays.append(("other_accuracy", accuracy)) }
        if let isMeasured = slice.isMeasured { arrays.append(("evaluated", isMeasured.map { $0 ? 1 : 0 })) }
        return GridData(slice.grid, arrays: arrays.map { (name: $0.0, values: $0.1) })
    }

    /// A header and rows of the `.csv` file.
    public var table: (header: [String], rows: [[Double]])? {
        let points = slice.grid
        var columns: [(String, (Int) -> Double)] = [("alpha", { points.coordinates($0).alpha })]
        if points.dimension > 1 { columns.append(("beta", { points.place($0)[1] })) }
        if points.dimension > 2 { columns.append(("gamma", { points.place($0)[2] })) }
        columns.append(("loss", { slice.loss[$0] }))
        if let accuracy = slice.accuracy { columns.append(("accuracy", { accuracy[$0] })) }
        if let other = slice.other {
            columns.append(("other_loss", { other.loss[$0] }))
            if let accuracy = other.accuracy { columns.append(("other_accuracy", { accuracy[$0] })) }
        }
        if let isMeasured = slice.isMeasured { columns.append(("evaluated", { isMeasured[$0] ? 1 : 0 })) }
        for plane in planes.dropFirst() { columns.append(("loss_seed_\(plane.seed)", { plane.slice.loss[$0] })) }
        return (columns.map(\.0), slice.loss.indices.map { i in columns.map { $0.1(i) } })
    }
}
