/// Union–find over the points of a grid, added one after another: where components begin and where they merge.
///
/// The elder rule (Edelsbrunner and Harer, Computational Topology, 2010, section VII.1): where two components meet, the younger
/// ends. Union by size with path halving, so all but the sort takes O(n α(n)).
struct ComponentSweep {
    /// The end of a component.
    struct Merge {
        /// Where it began, and where it met an older one.
        var began: Int32, met: Int32
        /// Where the older one began.
        var survivor: Int32
        /// The minimum that descent on the other side of the meeting point ends in; −1 where that is not followed.
        var link: Int32 = -1
    }

    /// In the order of the sweep.
    private(set) var merges: [Merge] = []
    /// Beginnings of the components that are left.
    private(set) var survivors: [Int32] = []
    /// The minimum that descent from each point ends in, step by step to the lowest neighbour; −1 for points that did not enter.
    /// Empty where that is not followed.
    private(set) var descent: [Int32] = []

    private var parent: [Int32]
    private var size: [Int32]
    /// Of the root of a component: when it began.
    private var start: [Int32]

    private init(_ count: Int) {
        parent = [Int32](repeating: -1, count: count)
        size = [Int32](repeating: 1, count: count)
        start = [Int32](repeating: 0, count: count)
    }

    /// Sublevel sets: finite points by ascending value, joined along axes.
    static func sublevel(_ lattice: GridLattice, _ order: SweepOrder) -> ComponentSweep {
        var sweep = ComponentSweep(lattice.count)
        sweep.descent = [Int32](repeating: -1, count: lattice.count)
        var near: [Int32] = []
        for time in 0..<order.finite {
            let point = Int(order.points[time])
            near.removeAll(keepingCapacity: true)
            var lowest = Int32(time)
            lattice.forEachFaceNeighbor(of: point) { neighbor in
                let rank = order.rank[neighbor]
                if rank < time { near.append(Int32(neighbor)) }
                lowest = min(lowest, rank)
            }
            let below = order.points[Int(lowest)]
            sweep.descent[point] = Int(below) == point ? below : sweep.descent[Int(below)]
            sweep.enter(point, Int32(time), near, lowest: Int(below)) { order.points[Int($0)] }
        }
        for time in 0..<order.finite where sweep.parent[Int(order.points[time])] == order.points[time] {
            sweep.survivors.append(order.points[Int(sweep.start[Int(order.points[time])])])
        }
        return sweep
    }

    /// Superlevel sets: points by descending value, those that are not finite first, joined along axes and diagonals. Everything
    /// outside the grid is one more point, number `lattice.count`, which is there before all others.
    static func superlevel(_ lattice: GridLattice, _ order: SweepOrder) -> ComponentSweep {
        let count = lattice.count
        var sweep = ComponentSweep(count + 1)
        sweep.parent[count] = Int32(count)
        var near: [Int32] = []
        for time in 1...count {
            let rank = Int32(count - time), point = Int(order.points[Int(rank)])
            near.removeAll(keepingCapacity: true)
            lattice.forEachNeighbor(of: point) { neighbor, _ in
                if order.rank[neighbor] > rank { near.append(Int32(neighbor)) }
            }
            if lattice.isOnEdge(point) { near.append(Int32(count)) }
            sweep.enter(point, Int32(time), near, lowest: nil) {
                $0 == 0 ? Int32(count) : order.points[count - Int($0)]
            }
        }
        return sweep
    }

    /// Adds a point to the components of its neighbours that are there already.
    @inline(__always)
    private mutating func enter(
        _ point: Int, _ time: Int32, _ near: [Int32], lowest: Int?, beginning: (Int32) -> Int32
    ) {
        parent[point] = Int32(point)
        start[point] = time
        guard let first = near.first else { return }
        var oldest = root(Int(first)), isSingle = true
        for neighbor in near.dropFirst() {
            let other = root(Int(neighbor))
            if other != oldest {
                isSingle = false
                if start[other] < start[oldest] { oldest = other }
            }
        }
        if !isSingle { end(near, at: point, oldest, lowest, beginning) }
        // The point itself is the youngest of all and ends nothing.
        var whole = oldest
        for neighbor in near { whole = join(whole, root(Int(neighbor))) }
        _ = join(whole, point)
    }

    /// Notes the end of every component around a point but the oldest.
    private mutating func end(
        _ near: [Int32], at point: Int, _ oldest: Int, _ lowest: Int?, _ beginning: (Int32) -> Int32
    ) {
        // The basin that the point belongs to joins the oldest one's, all others join the point's: no basin is left apart.
        let below = lowest.map { root($0) }
        var beside = Int32(-1)
        if let lowest {
            beside = descent[lowest]
            for neighbor in near where root(Int(neighbor)) == oldest { beside = descent[Int(neighbor)] }
        }
        var ended: [Int] = []
        for neighbor in near {
            let other = root(Int(neighbor))
            guard other != oldest, !ended.contains(other) else { continue }
            ended.append(other)
            var merge = Merge(
                began: beginning(start[other]), met: Int32(point), survivor: beginning(start[oldest]))
            if let lowest { merge.link = other == below ? beside : descent[lowest] }
            merges.append(merge)
        }
    }

    @inline(__always) private mutating func root(_ point: Int) -> Int {
        var point = point
        while Int(parent[point]) != point {
            parent[point] = parent[Int(parent[point])]
            point = Int(parent[point])
        }
        return point
    }

    @inline(__always) private mutating func join(_ a: Int, _ b: Int) -> Int {
        guard a != b else { return a }
        let (large, small) = size[a] >= size[b] ? (a, b) : (b, a)
        parent[small] = Int32(large)
        size[large] += size[small]
        start[large] = min(start[large], start[small])
        return large
    }
}
