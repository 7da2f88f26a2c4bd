import Tensors

/// How the starts compete.
extension WorstCaseSearch {
    /// A random point of the boundary.
    func random(_ name: String, _ count: Int) -> [Double] {
        ball.farthest(along: RandomNumbers(seed: seed).named("worst case").named(name).normals(count))
    }

    /// The heats: every start; then starts between the highest tops, as long as that leads higher; in a cube then hops.
    ///
    /// - Returns: the climbs, and how many hops were tried.
    func run(
        _ ascent: inout Ascent, _ starts: [Start], _ stages: Stages
    ) throws -> (climbs: [Ascent.Climb], hops: Int) {
        var climbs: [Ascent.Climb] = []
        try heat(&ascent, &climbs, starts, stages)
        var born = 0
        for _ in 0..<Self.generations {
            let tops = ascent.tops(&climbs, nearness: Self.nearness).map { climbs[$0] }.filter(\.increase.isFinite)
            guard tops.count > 1, tops[0].increase > 0 else { break }
            var between: [Start] = []
            for other in tops[1..<min(Self.parents, tops.count)] {
                // Where the two differ in direction the slope decides.
                born += 1
                between.append(("between-\(born)", ball.stretched(Vectors.sum(tops[0].z, 1, other.z).map { $0 / 2 })))
            }
            try heat(&ascent, &climbs, between, stages)
            let higher = climbs.map(\.increase).filter(\.isFinite).max() ?? 0
            guard higher > tops[0].increase * (1 + Self.heatTolerance) else { break }
        }
        let hops = ball.norm == .linf ? try hop(&ascent, &climbs, stages) : 0
        return (climbs, hops)
    }

    /// Hops from the highest top: coordinates with the smallest slopes are drawn anew, which costs little of the increase, and
    /// the climb from there may lead higher. Of those that do only the last stays among the climbs.
    ///
    /// - Returns: how many were tried.
    private func hop(_ ascent: inout Ascent, _ climbs: inout [Ascent.Climb], _ stages: Stages) throws -> Int {
        let tops = ascent.tops(&climbs, nearness: Self.nearness)
        guard let first = tops.first, let last = tops.last, climbs[first].increase > 0,
            climbs[last].increase < climbs[first].increase * (1 - Self.agreement)
        else { return 0 }
        var top = climbs[first], order = Self.order(top.slope)
        var tried = 0, failed = 0
        while failed < Self.patience, tried < Self.mostHops {
            let most = Self.shares[tried % Self.shares.count] * top.slope.reduce(0) { $0 + abs($1) }
            tried += 1
            let drawn = random("hop-\(tried)", order.count)
            var z = top.z, sum = 0.0
            for i in order {
                z[i] = drawn[i]
                sum += abs(top.slope[i])
                if sum > most { break }
            }
            try heat(&ascent, &climbs, [("hop", z)], stages)
            let climb = climbs.removeLast()
            guard climb.increase > top.increase * (1 + Self.heatTolerance) else {
                failed += 1
                continue
            }
            climbs.removeAll { $0.name == "hop" }
            climbs.append(climb)
            (top, order, failed) = (climb, Self.order(climb.slope), 0)
        }
        return tried
    }

    /// Coordinates by the size of their slopes, ascending; of equal ones the first comes first.
    private static func order(_ slope: [Double]) -> [Int] {
        slope.indices.sorted { (abs(slope[$0]), $0) < (abs(slope[$1]), $1) }
    }

    /// Adds the climbs from more starts, round by round; of climbs that have come together only the highest goes on.
    private func heat(
        _ ascent: inout Ascent, _ climbs: inout [Ascent.Climb], _ starts: [Start],
        _ stages: Stages
    ) throws {
        let tolerance = max(tolerance, Self.heatTolerance)
        let known = climbs.count
        for start in starts {
            try stages.tell(start.name, climbs.count - known, starts.count, of: 5..<60)
            var climb = try ascent.begin(start.name, at: start.z)
            let before = climb.increase
            try ascent.climb(&climb, iterations: min(steps, Self.round), tolerance: tolerance)
            climb.before = before
            climbs.append(climb)
        }
        while ascent.join(&climbs, nearness: Self.nearness) {
            Ascent.leaveBehind(&climbs)
            try goOn(&ascent, &climbs, tolerance: tolerance, most: steps, stages, of: 60..<75)
        }
    }

    /// One round of every climb that goes on.
    func goOn(
        _ ascent: inout Ascent, _ climbs: inout [Ascent.Climb], tolerance: Double, most: Int, _ stages: Stages,
        of percent: Range<Int>
    ) throws {
        for i in climbs.indices where climbs[i].isActive {
            try stages.tell(climbs[i].name, climbs[i].iterations, most, of: percent)
            let before = climbs[i].increase
            try ascent.climb(
                &climbs[i], iterations: min(Self.round, most - climbs[i].iterations), tolerance: tolerance)
            climbs[i].before = before
            // A round that brought next to nothing is the end as well: along flat directions a climb can creep for long.
            if climbs[i].isActive, climbs[i].increase - before <= tolerance * abs(before) { climbs[i].finish() }
            if climbs[i].iterations >= most { climbs[i].isActive = false }
        }
    }
}
