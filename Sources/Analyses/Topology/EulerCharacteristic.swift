/// χ of sublevel sets of a cubical complex: points − edges + squares − cubes, each counted from its last corner on.
struct EulerCharacteristic: Sendable {
    /// Different values, ascending, and χ of the sublevel set of each.
    private let levels: [Double], numbers: [Int]

    init(_ values: [Double], _ lattice: GridLattice, _ order: SweepOrder) {
        let cells = Self.cells
        var levels: [Double] = [], numbers: [Int] = [], sum = 0
        for time in 0..<order.finite {
            let point = Int(order.points[time])
            var lower: UInt32 = 0
            lattice.forEachNeighbor(of: point) { neighbor, direction in
                if order.rank[neighbor] < time { lower |= 1 << UInt32(direction) }
            }
            // The cells around a point that enter with it: those whose other corners are lower.
            sum += 1
            for cell in cells where lower & cell.corners == cell.corners { sum += cell.sign }
            if let last = levels.last, last == values[point] {
                numbers[numbers.count - 1] = sum
            } else {
                levels.append(values[point])
                numbers.append(sum)
            }
        }
        (self.levels, self.numbers) = (levels, numbers)
    }

    /// χ of {f ≤ level}.
    func value(at level: Double) -> Int {
        var low = 0, high = levels.count
        while low < high {
            let middle = (low + high) / 2
            if levels[middle] <= level { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? numbers[low - 1] : 0
    }

    /// The 26 cells around a point: which neighbours are their other corners, and −1 to the power of their dimension.
    private static let cells: [(corners: UInt32, sign: Int)] = (0..<27).filter { $0 != 13 }.map { far in
        // A cell reaches from the point, number 13 of a cube of 3 × 3 × 3, to the far corner.
        let reach = [far / 9 - 1, far / 3 % 3 - 1, far % 3 - 1]
        var corners: UInt32 = 0
        for z in Set([0, reach[0]]) {
            for y in Set([0, reach[1]]) {
                for x in Set([0, reach[2]]) where (x, y, z) != (0, 0, 0) {
                    corners |= 1 << UInt32((z + 1) * 9 + (y + 1) * 3 + x + 1)
                }
            }
        }
        return (corners, reach.count { $0 != 0 } % 2 == 0 ? 1 : -1)
    }
}
