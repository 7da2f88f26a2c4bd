/// Values on a grid from those at some of its points: at each point the polyharmonic spline |r|³ with a linear part through its
/// nearest known neighbours (Duchon 1977; in one dimension a cubic spline).
///
/// Few neighbours make it local: a cliff disturbs nothing far from it, and a new value changes predictions only around it.
/// A point is never its own neighbour, so at a known point the prediction is what the others say of it (leave-one-out).
struct LocalInterpolation {
    /// Neighbours of a point. More do not predict better (20, 28 and 40 were compared on slices of a ResNet-20).
    static let size = (line: 8, plane: 20)

    private let x: [Double], y: [Double]
    private let isPlane: Bool
    private let most: Int
    /// `most` places for each point, of which the first `filled` are used: known points by distance, nearest first.
    private var neighbors: [Int32]
    private var filled: [Int]
    /// Whether a point's neighbours have changed since `clearChange`.
    private(set) var hasChanged: [Bool]

    init(_ grid: SliceGrid) {
        let (across, up) = (grid.alpha.places, grid.beta?.places ?? [0])
        x = (0..<grid.count).map { across[grid.column($0)] }
        y = (0..<grid.count).map { up[grid.row($0)] }
        isPlane = grid.rows > 1 && grid.columns > 1
        most = isPlane ? Self.size.plane : Self.size.line
        neighbors = [Int32](repeating: 0, count: grid.count * most)
        filled = [Int](repeating: 0, count: grid.count)
        hasChanged = [Bool](repeating: true, count: grid.count)
    }

    func distance(_ i: Int, _ j: Int) -> Double { squaredDistance(i, j).squareRoot() }
    private func squaredDistance(_ i: Int, _ j: Int) -> Double {
        (x[i] - x[j]) * (x[i] - x[j]) + (y[i] - y[j]) * (y[i] - y[j])
    }

    /// The nearest known points, nearest first.
    func nearest(_ point: Int, _ count: Int) -> ArraySlice<Int32> {
        neighbors[(point * most)..<(point * most + min(count, filled[point]))]
    }

    mutating func clearChange(_ point: Int) { hasChanged[point] = false }
    mutating func changeAll() { for point in hasChanged.indices { hasChanged[point] = true } }

    /// Makes a point's value known.
    mutating func add(_ known: Int) {
        for point in x.indices where point != known {
            let distance = squaredDistance(point, known), base = point * most
            var place = filled[point]
            while place > 0, squaredDistance(point, Int(neighbors[base + place - 1])) > distance { place -= 1 }
            guard place < most else { continue }
            filled[point] = min(filled[point] + 1, most)
            for i in stride(from: filled[point] - 1, to: place, by: -1) {
                neighbors[base + i] = neighbors[base + i - 1]
            }
            neighbors[base + place] = Int32(known)
            hasChanged[point] = true
        }
    }

    /// The weights with which known values add up to the one at a point; neighbours for which `isUsable` does not hold are left
    /// out. Empty where there are none.
    func weights(_ point: Int, where isUsable: (Int) -> Bool) -> [(index: Int, weight: Double)] {
        let used = nearest(point, most).map(Int.init).filter(isUsable)
        guard let farthest = used.last else { return [] }
        let scale = 1 / max(distance(point, farthest), 1e-300)
        let u = used.map { (x[$0] - x[point]) * scale }, v = used.map { (y[$0] - y[point]) * scale }
        let n = used.count, order = n + (isPlane ? 3 : 2)
        var matrix = [Double](repeating: 0, count: order * order)
        var right = [Double](repeating: 0, count: order)
        func cube(_ a: Double, _ b: Double) -> Double {
            let square = a * a + b * b
            return square * square.squareRoot()
        }
        for i in 0..<n {
            for j in 0..<i {
                let value = cube(u[i] - u[j], v[i] - v[j])
                matrix[i * order + j] = value
                matrix[j * order + i] = value
            }
            let polynomial = isPlane ? [1, u[i], v[i]] : [1, u[i] + v[i]]
            for (k, value) in polynomial.enumerated() {
                matrix[i * order + n + k] = value
                matrix[(n + k) * order + i] = value
            }
            right[i] = cube(u[i], v[i])
        }
        right[n] = 1
        guard n >= (isPlane ? 3 : 2), let solution = Self.solve(matrix, right) else {
            return [(used[0], 1)]  // too few, or all on one line: the nearest
        }
        return (0..<n).map { (used[$0], solution[$0]) }
    }

    /// Gaussian elimination with partial pivoting; nil for a singular matrix.
    private static func solve(_ a: [Double], _ b: [Double]) -> [Double]? {
        let n = b.count
        var a = a, b = b
        return a.withUnsafeMutableBufferPointer { a in
            for k in 0..<n {
                var pivot = k
                for i in (k + 1)..<max(n, k + 1) where abs(a[i * n + k]) > abs(a[pivot * n + k]) { pivot = i }
                guard abs(a[pivot * n + k]) > 1e-12 else { return nil }
                if pivot != k {
                    for j in k..<n { (a[k * n + j], a[pivot * n + j]) = (a[pivot * n + j], a[k * n + j]) }
                    b.swapAt(k, pivot)
                }
                for i in (k + 1)..<max(n, k + 1) {
                    let factor = a[i * n + k] / a[k * n + k]
                    guard factor != 0 else { continue }
                    for j in k..<n { a[i * n + j] -= factor * a[k * n + j] }
                    b[i] -= factor * b[k]
                }
            }
            for k in stride(from: n - 1, through: 0, by: -1) {
                for j in (k + 1)..<max(n, k + 1) { b[k] -= a[k * n + j] * b[j] }
                b[k] /= a[k * n + k]
            }
            return b
        }
    }
}
