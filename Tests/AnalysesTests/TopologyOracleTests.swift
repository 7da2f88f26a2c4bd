import Tensors
import Testing

@testable import Analyses

/// Sublevel sets of small random grids against what follows from the definition: reduction of boundary matrices, flood fill at
/// every threshold, and counted cells.
@Suite struct TopologyOracleTests {
    /// A cube: its lowest corner and the axes that it extends along.
    struct Cell: Hashable { var corner: [Int], axes: [Bool] }

    static let shapes = [[7], [2, 2], [1, 6], [5, 6], [6, 4], [3, 3, 4], [2, 4, 3]]

    /// Whole numbers with many ties, or different ones; some are not finite.
    static func values(_ count: Int, _ seed: UInt64, ties: Bool, holes: Bool) -> [Double] {
        let numbers = RandomNumbers(seed: seed).named("grid").normals(2 * count)
        return (0..<count).map { i in
            if holes, numbers[count + i] > 1 { return numbers[i] > 0 ? .nan : .infinity }
            return ties ? (2 * numbers[i]).rounded() : numbers[i]
        }
    }

    static func index(_ place: [Int], _ shape: [Int]) -> Int { zip(place, shape).reduce(0) { $0 * $1.1 + $1.0 } }

    static func places(_ shape: [Int]) -> [[Int]] {
        var places: [[Int]] = [[]]
        for length in shape { places = places.flatMap { place in (0..<length).map { place + [$0] } } }
        return places
    }

    /// All cells of the complex with the largest value at their corners, those with a finite one.
    static func cells(_ values: [Double], _ shape: [Int]) -> [(cell: Cell, value: Double)] {
        var kinds: [[Bool]] = [[]], found: [(cell: Cell, value: Double)] = []
        for _ in shape { kinds = kinds.flatMap { [$0 + [false], $0 + [true]] } }
        for axes in kinds {
            for corner in places(shape) {
                let fits = shape.indices.allSatisfy { !axes[$0] || corner[$0] + 1 < shape[$0] }
                guard fits else { continue }
                var corners: [[Int]] = [[]]
                for axis in shape.indices {
                    let ends = axes[axis] ? [corner[axis], corner[axis] + 1] : [corner[axis]]
                    corners = corners.flatMap { place in ends.map { place + [$0] } }
                }
                let numbers: [Double] = corners.map { values[index($0, shape)] }
                if numbers.allSatisfy(\.isFinite) { found.append((Cell(corner: corner, axes: axes), numbers.max()!)) }
            }
        }
        return found
    }

    /// Birth and death of every class of each dimension, by the standard reduction over Z₂.
    static func diagram(_ values: [Double], _ shape: [Int]) -> [[[Double]]] {
        func dimension(_ cell: Cell) -> Int { cell.axes.count { $0 } }
        let cells = cells(values, shape).sorted { a, b in
            a.value != b.value ? a.value < b.value : dimension(a.cell) < dimension(b.cell)
        }
        let numbers = Dictionary(uniqueKeysWithValues: cells.enumerated().map { ($1.cell, $0) })
        var reduced: [Int: Set<Int>] = [:], isPaired = [Bool](repeating: false, count: cells.count)
        var diagram = [[[Double]]](repeating: [], count: shape.count)
        for (number, (cell, value)) in cells.enumerated() {
            var column = Set<Int>()
            for axis in cell.axes.indices where cell.axes[axis] {
                for step in 0...1 {
                    var face = cell
                    face.axes[axis] = false
                    face.corner[axis] += step
                    column.formSymmetricDifference([numbers[face]!])
                }
            }
            while let low = column.max(), let other = reduced[low] { column.formSymmetricDifference(other) }
            guard let low = column.max() else { continue }
            reduced[low] = column
            (isPaired[low], isPaired[number]) = (true, true)
            if cells[low].value < value { diagram[dimension(cells[low].cell)].append([cells[low].value, value]) }
        }
        for (number, (cell, value)) in cells.enumerated() where !isPaired[number] {
            if dimension(cell) < shape.count { diagram[dimension(cell)].append([value, .infinity]) }
        }
        return diagram.map { $0.sorted { $0.lexicographicallyPrecedes($1) } }
    }

    @Test(arguments: shapes) func diagramsAreThoseOfTheReduction(_ shape: [Int]) throws {
        for seed in 0..<12 as Range<UInt64> {
            let values = Self.values(shape.reduce(1, *), seed, ties: seed % 2 == 0, holes: seed % 3 == 0)
            guard values.contains(where: \.isFinite) else { continue }
            let topology = try SublevelTopology(values: values, shape: shape)
            let expected = Self.diagram(values, shape)
            func sorted(_ pairs: [[Double]]) -> [[Double]] { pairs.sorted { $0.lexicographicallyPrecedes($1) } }
            #expect(sorted(topology.branches.map { [$0.birth, $0.death] }) == expected[0], "\(shape) \(seed)")
            let holes = sorted(topology.holes.map { [$0.birth, $0.death] })
            #expect(holes == (shape.count > 1 ? expected.last! : []), "\(shape) \(seed)")
            // Of every dimension, the middle one among them.
            for level in values + [-9, 9] where level.isFinite {
                let alive = expected.map { $0.count { $0[0] <= level && $0[1] > level } }
                #expect(topology.bettiNumbers(at: level) == alive, "\(shape) \(seed) at \(level)")
            }
        }
    }

    /// The points that can be reached from a point, step by step, where `isIn` holds.
    static func fill(_ start: [Int], _ shape: [Int], faces: Bool, _ isIn: ([Int]) -> Bool) -> Set<[Int]> {
        var seen: Set<[Int]> = [start], open = [start]
        var steps: [[Int]] = [[]]
        for _ in shape { steps = steps.flatMap { step in [-1, 0, 1].map { step + [$0] } } }
        if faces { steps = steps.filter { step in step.count { $0 != 0 } == 1 } }
        while let place = open.popLast() {
            for step in steps {
                let next = zip(place, step).map(+)
                if isIn(next), seen.insert(next).inserted { open.append(next) }
            }
        }
        return seen
    }

    /// Components by flood fill, holes by flood fill of the complement from outside, the rest from counted cells.
    @Test(arguments: shapes) func bettiNumbersAreThoseOfFloodFill(_ shape: [Int]) throws {
        for seed in 20..<24 as Range<UInt64> {
            let values = Self.values(shape.reduce(1, *), seed, ties: seed % 2 == 0, holes: seed == 21)
            guard values.contains(where: \.isFinite) else { continue }
            let topology = try SublevelTopology(values: values, shape: shape)
            for level in Set(values.filter(\.isFinite)) {
                func isInside(_ place: [Int]) -> Bool { zip(place, shape).allSatisfy { $0 >= 0 && $0 < $1 } }
                func isLow(_ place: [Int]) -> Bool { isInside(place) && values[Self.index(place, shape)] <= level }
                func count(faces: Bool, _ places: [[Int]], _ isIn: @escaping ([Int]) -> Bool) -> Int {
                    var seen = Set<[Int]>(), count = 0
                    for place in places where isIn(place) && !seen.contains(place) {
                        seen.formUnion(Self.fill(place, shape, faces: faces, isIn))
                        count += 1
                    }
                    return count
                }
                let components = count(faces: true, Self.places(shape), isLow)
                // The complement with a rim around the grid: all but one of its components are holes.
                let rim = Self.places(shape.map { $0 + 2 }).map { $0.map { $0 - 1 } }
                let outside = count(faces: false, rim) { place in
                    zip(place, shape).allSatisfy { $0 >= -1 && $0 <= $1 } && !isLow(place)
                }
                var characteristic = 0
                for (cell, value) in Self.cells(values, shape) where value <= level {
                    characteristic += cell.axes.count { $0 } % 2 == 0 ? 1 : -1
                }
                let holes = outside - 1, betti = topology.bettiNumbers(at: level)
                switch shape.count {
                case 1: #expect(betti == [components] && characteristic == components)
                case 2: #expect(betti == [components, holes] && characteristic == components - holes)
                default: #expect(betti == [components, components + holes - characteristic, holes])
                }
            }
        }
    }

    /// Basins stay whole when some are filled, and every kept one keeps its minimum.
    @Test(arguments: [[6, 7], [3, 4, 4]]) func basinsAreConnected(_ shape: [Int]) throws {
        for seed in 0..<8 as Range<UInt64> {
            let values = Self.values(shape.reduce(1, *), seed, ties: seed % 2 == 1, holes: false)
            let topology = try SublevelTopology(values: values, shape: shape)
            for kept in 1...topology.branches.count {
                let basins = topology.basins { $0 < kept }
                #expect(Set(basins) == Set(0..<kept))
                for number in 0..<kept {
                    let minimum = topology.branches[number].minimum
                    #expect(basins[minimum] == number)
                    let start = Self.places(shape)[minimum]
                    let reached = Self.fill(start, shape, faces: true) { place in
                        zip(place, shape).allSatisfy { $0 >= 0 && $0 < $1 }
                            && basins[Self.index(place, shape)] == number
                    }
                    #expect(
                        reached.count == basins.count { $0 == number }, "\(shape) \(seed): basin \(number) of \(kept)")
                }
            }
        }
    }
}
