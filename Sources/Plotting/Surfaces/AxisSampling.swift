/// Which places along one axis of a grid become vertices of the mesh.
///
/// A fine grid is averaged to 50 cells, which keeps vector files small and free of moiré; a coarse one is
/// subdivided linearly, so that colour and shade change evenly. The ends are always kept.
struct AxisSampling {
    private static let cells = 50
    /// More lines would only darken the surface.
    private static let mostLines = 30

    /// Places of the vertices, ascending from 0 to 1.
    let places: [Double]
    /// For each vertex, indices of coordinates with weights that sum to 1.
    let weights: [[(index: Int, weight: Double)]]
    /// A line of the mesh is drawn at every so many vertices.
    let lineStep: Int
    let isAveraged: Bool

    /// - Precondition: at least two coordinates, ascending, that are not all equal.
    init(_ coordinates: [Double]) {
        let steps = coordinates.count - 1
        isAveraged = steps > Self.cells
        let parts = isAveraged ? 1 : Self.cells / steps
        let count = isAveraged ? Self.cells : steps * parts
        let stride = Double(steps) / Double(count)
        // The weights fall linearly to nothing one stride away, or to the neighbouring coordinate.
        let radius = max(1, stride)
        weights = (0...count).map { number in
            let at = Double(number) * stride
            let (first, last) = (Int((at - radius).rounded(.up)), Int((at + radius).rounded(.down)))
            let tent = (max(0, first)...min(steps, last)).map { (index: $0, weight: 1 - abs(Double($0) - at) / radius) }
                .filter { $0.weight > 1e-9 }
            let sum = tent.reduce(0) { $0 + $1.weight }
            return tent.map { ($0.index, $0.weight / sum) }
        }
        let (low, high) = (coordinates[0], coordinates[steps])
        places = (0...count).map { number in
            let at = Double(number) * stride
            let left = min(steps - 1, Int(at))
            let x = coordinates[left] + (at - Double(left)) * (coordinates[left + 1] - coordinates[left])
            return number == count ? 1 : (x / 2 - low / 2) / (high / 2 - low / 2)
        }
        let gridCells = isAveraged ? count : steps
        let step = (1...5).first { gridCells % $0 == 0 && gridCells / $0 <= Self.mostLines }
        lineStep = parts * (step ?? (gridCells + Self.mostLines - 1) / Self.mostLines)
    }
}
