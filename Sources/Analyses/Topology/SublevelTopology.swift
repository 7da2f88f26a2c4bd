import Essentials

/// Why values on a grid have no topology.
public enum TopologyError: DescribedError {
    case noFinite(Int)
    case tooMany

    /// True: another slice can do.
    public var isOfRequest: Bool { true }

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .noFinite(let count):
            "none of the \(count) values is finite; expected at least one: compute the slice over a smaller --range"
        case .tooMany: "the grid has 2³¹ − 1 points or more; expected fewer: use fewer --points"
        }
    }
}

/// Minima, saddles, holes and components of the sublevel sets {f ≤ t} of a function that is known on a regular grid of one to
/// three axes.
///
/// The sets are those of the lower-star filtration of the cubical complex whose vertices are the points: an edge, square or cube
/// enters with the last of its corners. GUDHI's `CubicalComplex(vertices: …)` is the same, and has the same numbers. Components
/// come from union–find over the 2 d neighbours along axes. Holes are the components of the complement with all 3ᵈ − 1
/// neighbours (Alexander duality). Equal values are told apart by their place (Edelsbrunner and Mücke 1990), and pairs without
/// persistence are left out. Points that are not finite never enter. The sort takes O(n log n), all else O(n α(n)).
///
/// ```swift
/// let topology = try SublevelTopology(values: [1, 0, 2, 1, 3], shape: [5])
/// print(topology.branches.count, topology.branches[1].persistence)  // 2 minima; the shallower one's persistence is 1
/// ```
public struct SublevelTopology: Sendable {
    /// A minimum with the part of the merge tree that belongs to it: from the minimum up to the saddle where its component meets
    /// one that began lower.
    public struct Branch: Sendable, Equatable {
        /// The point of the minimum.
        public let minimum: Int
        /// The point where the component meets an older one; nil for one that never does.
        public let saddle: Int?
        /// The value at the minimum.
        public let birth: Double
        /// The value at the saddle; ∞ without one.
        public let death: Double
        /// The number of the branch that this one ends in; nil without a saddle.
        public let parent: Int?
        /// Points from which descent to the lowest neighbour, step by step, ends in the minimum.
        public let points: Int
        /// Whether the minimum lies at the edge of the grid, where the function may go on falling outside.
        public let isOnEdge: Bool
        /// Death minus birth.
        public var persistence: Double { death - birth }
    }

    /// A hole that sublevel sets enclose: a loop around it in the plane, a closed surface in space.
    public struct Hole: Sendable, Equatable {
        /// The point that closes it.
        public let closing: Int
        /// The point that fills it, a maximum; nil where values inside are not finite.
        public let maximum: Int?
        /// The value at the point that closes it.
        public let birth: Double
        /// The value at the maximum; ∞ without one.
        public let death: Double
        /// Death minus birth.
        public var persistence: Double { death - birth }
    }

    /// Points along each axis, the fastest last.
    public let shape: [Int]
    /// Minima, by descending persistence; the first never ends.
    public let branches: [Branch]
    /// Loops of a plane, or voids of a space, by descending persistence; none on a line.
    public let holes: [Hole]
    /// Points whose value is infinite or NaN.
    public let nonfinite: Int
    /// The lowest and the highest finite value.
    public let range: ClosedRange<Double>

    /// Every point's minimum by descent; −1 where the value is not finite.
    let descent: [Int32]
    /// Of a minimum that ends: that of the basin beside, across the saddle.
    let links: [Int32: Int32]
    /// Number of a branch by its minimum.
    private let numbers: [Int32: Int]
    /// For the middle Betti number of a space.
    private let characteristic: EulerCharacteristic?

    /// Sweeps over the values.
    ///
    /// - Parameters:
    ///   - values: in row-major order: the last axis is the fastest.
    ///   - shape: points along one to three axes.
    /// - Throws: `TopologyError` where no value is finite, and for 2³¹ − 1 points or more.
    /// - Precondition: as many values as the shape has points, one at least.
    public init(values: [Double], shape: [Int]) throws(TopologyError) {
        guard values.count < Int(Int32.max) else { throw .tooMany }
        let lattice = GridLattice(shape)
        precondition(values.count == lattice.count, "\(values.count) values on a grid of \(shape)")
        let order = SweepOrder(values)
        guard order.finite > 0 else { throw .noFinite(values.count) }
        self.shape = shape
        nonfinite = values.count - order.finite
        range = values[Int(order.points[0])]...values[Int(order.points[order.finite - 1])]
        let below = ComponentSweep.sublevel(lattice, order)
        descent = below.descent
        links = Dictionary(uniqueKeysWithValues: below.merges.map { ($0.began, $0.link) })
        branches = Self.branches(below, values, lattice)
        numbers = Dictionary(uniqueKeysWithValues: branches.enumerated().map { (Int32($1.minimum), $0) })
        holes = lattice.dimension > 1 ? Self.holes(ComponentSweep.superlevel(lattice, order), values) : []
        characteristic = lattice.dimension > 2 ? EulerCharacteristic(values, lattice, order) : nil
    }

    private static func branches(_ sweep: ComponentSweep, _ values: [Double], _ lattice: GridLattice) -> [Branch] {
        var points = [Int32](repeating: 0, count: values.count)
        for minimum in sweep.descent where minimum >= 0 { points[Int(minimum)] += 1 }
        typealias Ending = (began: Int32, met: Int32?, survivor: Int32?, birth: Double, death: Double)
        var endings = sweep.survivors.map { began -> Ending in (began, nil, nil, values[Int(began)], .infinity) }
        for merge in sweep.merges {
            let (birth, death) = (values[Int(merge.began)], values[Int(merge.met)])
            // Within a plateau, the order of points makes minima that are none.
            if death > birth { endings.append((merge.began, merge.met, merge.survivor, birth, death)) }
        }
        endings.sort { a, b in
            let (x, y) = (a.death - a.birth, b.death - b.birth)
            return x != y ? x > y : a.birth != b.birth ? a.birth < b.birth : a.began < b.began
        }
        let numbers = Dictionary(uniqueKeysWithValues: endings.enumerated().map { ($1.began, $0) })
        return endings.map { ending in
            Branch(
                minimum: Int(ending.began), saddle: ending.met.map(Int.init), birth: ending.birth,
                death: ending.death, parent: ending.survivor.flatMap { numbers[$0] },
                points: Int(points[Int(ending.began)]), isOnEdge: lattice.isOnEdge(Int(ending.began)))
        }
    }

    private static func holes(_ sweep: ComponentSweep, _ values: [Double]) -> [Hole] {
        let holes = sweep.merges.compactMap { merge -> Hole? in
            let closing = Int(merge.met), top = Int(merge.began)
            let death = values[top].isFinite ? values[top] : .infinity
            guard values[closing].isFinite, death > values[closing] else { return nil }
            return Hole(
                closing: closing, maximum: death < .infinity ? top : nil, birth: values[closing], death: death)
        }
        return holes.sorted { a, b in
            let (x, y) = (a.persistence, b.persistence)
            return x != y ? x > y : a.birth != b.birth ? a.birth < b.birth : a.closing < b.closing
        }
    }

    /// Betti numbers of {f ≤ level}: components, then loops of a plane; loops and voids of a space. As many as the grid has axes.
    ///
    /// Loops of a space follow from the Euler characteristic, χ = β₀ − β₁ + β₂.
    public func bettiNumbers(at level: Double) -> [Int] {
        let components = branches.count { $0.birth <= level && $0.death > level }
        guard shape.count > 1 else { return [components] }
        let holes = holes.count { $0.birth <= level && $0.death > level }
        guard let characteristic else { return [components, holes] }
        return [components, components + holes - characteristic.value(at: level), holes]
    }

    /// How many minima have at least a persistence: the basins that are left when shallower ones are filled.
    public func minima(persistence: Double) -> Int { branches.count { $0.persistence >= persistence } }

    /// The basin that each point belongs to, when the basins of some minima are joined to those beside them across their saddles.
    ///
    /// - Parameter isKept: whether a branch, by its number, keeps its basin; a branch without a saddle always does.
    /// - Returns: the number of a branch for each point; −1 where the value is not finite.
    public func basins(keeping isKept: (Int) -> Bool) -> [Int] {
        let unknown = -1
        var owners = [Int](repeating: unknown, count: descent.count), path: [Int] = []
        for minimum in links.keys.map(Int.init) + branches.map(\.minimum) where owners[minimum] == unknown {
            var place = minimum
            path.removeAll(keepingCapacity: true)
            // The links make a forest, whose roots are the branches without a saddle: every path ends.
            while owners[place] == unknown {
                path.append(place)
                let number = numbers[Int32(place)]
                if let number, branches[number].saddle == nil || isKept(number) {
                    owners[place] = number
                } else if let next = links[Int32(place)] {
                    place = Int(next)
                }
            }
            for step in path { owners[step] = owners[place] }
        }
        return descent.map { $0 < 0 ? -1 : owners[Int($0)] }
    }
}
