import Analyses
import ArrayFiles

extension TopologyReport {
    /// Arrays of the `.npz` file: every pair, the basins, and the Betti numbers.
    public var arrays: [(name: String, array: NumericArray)] {
        let branches = sublevel.branches, holes = sublevel.holes, grid = result.grid
        func places(_ points: [Int?]) -> NumericArray {
            let missing = [Double](repeating: .nan, count: dimension)
            return NumericArray(points.flatMap { $0.map(place) ?? missing }, shape: [points.count, dimension])
        }
        var arrays: [(name: String, array: NumericArray)] = [
            ("loss", NumericArray(result.values, shape: grid.shape)), ("alpha", NumericArray(grid.alpha.values)),
        ]
        if let beta = grid.beta { arrays.append(("beta", NumericArray(beta.values))) }
        if let gamma = grid.gamma { arrays.append(("gamma", NumericArray(gamma.values))) }
        arrays += [
            ("basins", NumericArray(result.basins.map(Double.init), shape: grid.shape)),
            ("birth", NumericArray(branches.map(\.birth))), ("death", NumericArray(branches.map(\.death))),
            ("minimum", places(branches.map(\.minimum))), ("saddle", places(branches.map(\.saddle))),
            ("parent", NumericArray(branches.map { $0.parent ?? -1 })),
            ("points", NumericArray(branches.map(\.points))),
        ]
        if let certain = result.areBranchesCertain {
            arrays.append(("certain", NumericArray(certain, shape: [certain.count])))
        }
        if dimension > 1 {
            arrays += [
                ("hole_birth", NumericArray(holes.map(\.birth))), ("hole_death", NumericArray(holes.map(\.death))),
                ("hole_closing", places(holes.map(\.closing))), ("hole_maximum", places(holes.map(\.maximum))),
            ]
            if let certain = result.areHolesCertain {
                arrays.append(("hole_certain", NumericArray(certain, shape: [certain.count])))
            }
        }
        arrays.append(("levels", NumericArray(result.levels)))
        arrays.append(
            (
                "betti",
                NumericArray(result.betti.flatMap { $0.map(Double.init) }, shape: [result.betti.count, dimension])
            ))
        return arrays
    }

    /// Values and basins on the grid, for ParaView.
    public var grid: GridData? {
        GridData(result.grid, arrays: [("loss", result.values), ("basin", result.basins.map(Double.init))])
    }

    /// A row for each pair of minimum and saddle, the most persistent first.
    public var table: (header: [String], rows: [[Double]])? {
        let letters = ["alpha", "beta", "gamma"].prefix(dimension)
        let missing = [Double](repeating: .nan, count: dimension)
        let header =
            ["birth", "death", "persistence"] + letters.map { "minimum_\($0)" } + letters.map { "saddle_\($0)" }
            + ["parent", "points", "on_edge"] + (result.areBranchesCertain == nil ? [] : ["certain"])
        let rows = sublevel.branches.enumerated().map { number, branch -> [Double] in
            [branch.birth, branch.death, branch.persistence] + place(branch.minimum)
                + (branch.saddle.map(place) ?? missing)
                + [branch.parent.map(Double.init) ?? .nan, Double(branch.points), branch.isOnEdge ? 1 : 0]
                + (isCertain(branch: number).map { [$0 ? 1 : 0] } ?? [])
        }
        return (header, rows)
    }
}
