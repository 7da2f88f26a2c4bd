import Tensors

/// How the starts compete.
extension WorstCaseSearch {
    /// Starts in a row that lead no higher, after which no more climb. In a cube all do.
    private var patience: Int { ball.norm == .l2 ? max(Self.doubts, restarts) : .max }

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
        try heat(&ascent, &climbs, starts, patience: patience, stages)
        var born = 0
        for _ in 0..<Self.generations {
            let tops = ascent.tops(&climbs, nearness: Self.nearness).map { climbs[$0] }
            guard tops.count > 1, tops[0].increase > 0 else { break }
            let between = (1..<min(Self.parents, tops.count)).map { other in
                // Where the two differ in direction the slope decides.
                born += 1
                return Start(name: "between-\(born)") {
                    ball.stretched(Vectors.sum(tops[0].place, 1, tops[other].place).map { $0 / 2 })
                }
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
        // What was given up says as much of how much depends on where one begins.
        let lowest = climbs.filter { $0.joined == nil && $0.increase.isFinite }.map(\.increase).min() ?? 0
        guard let first = tops.first, climbs[first].increase > 0,
            lowest < climbs[first].increase * (1 - Self.agreement)
        else { return 0 }
        var top = climbs[first]
        top.rise()
        var order = Self.order(top.slope)
        var tried = 0, failed = 0
        while failed < Self.hopPatience, tried < Self.mostHops {
            let most = Self.shares[tried % Self.shares.count] * top.slope.reduce(0) { $0 + abs($1) }
            tried += 1
            let drawn = random("hop-\(tried)", order.count)
            var z = top.z, sum = 0.0
            for i in order {
                z[i] = drawn[i]
                sum += abs(top.slope[i])
                if sum > most { break }
            }
            try heat(&ascent, &climbs, [Start(name: "hop") { z }], stages)
            var climb = climbs.removeLast()
            guard climb.increase > top.increase * (1 + Self.heatTolerance) else {
                failed += 1
                continue
            }
            climbs.removeAll { $0.name == "hop" }
            climbs.append(climb)
            climb.rise()
            (top, order, failed) = (climb, Self.order(climb.slope), 0)
        }
        return tried
    }

    /// Coordinates by the size of their slopes, ascending; of equal ones the first comes first.
    private static func order(_ slope: [Double]) -> [Int] {
        slope.indices.sorted { (abs(slope[$0]), $0) < (abs(slope[$1]), $1) }
    }

    /// Adds the climbs from more starts, one after another: each until it is at its top, near one that is known, or too far
    /// behind the highest.
    ///
    /// - Parameter patience: starts in a row that led no higher, after which the others do not climb.
    private func heat(
        _ ascent: inout Ascent, _ climbs: inout [Ascent.Climb], _ starts: [Start], patience: Int = .max,
        _ stages: Stages
    ) throws {
        let tolerance = max(tolerance, Self.heatTolerance)
        var failed = 0
        for (number, start) in starts.enumerated() where failed < patience {
            try stages.tell(start.name, number, starts.count, of: 5..<75)
            let highest = climbs.map(\.increase).filter(\.isFinite).max() ?? 0
            var climb = try ascent.begin(start.name, at: start.z())
            // Of the first iterations one leads far, whichever start it is: what those after it bring says more.
            try ascent.climb(&climb, iterations: min(steps, 1), tolerance: tolerance)
            climb.before = climb.increase
            try ascent.climb(&climb, iterations: min(steps, Self.round) - climb.iterations, tolerance: tolerance)
            climbs.append(climb)
            while ascent.join(&climbs, nearness: Self.heatNearness) {
                Ascent.leaveBehind(&climbs)
                try goOn(&ascent, &climbs, tolerance: tolerance, most: steps, stages, of: 5..<75)
            }
            failed = climbs[climbs.count - 1].increase > highest * (1 + Self.heatTolerance) ? 0 : failed + 1
            for i in climbs.indices { try climbs[i].rest(on: shelf) }
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
            climbs[i].rise()
            try ascent.climb(
                &climbs[i], iterations: min(Self.round, most - climbs[i].iterations), tolerance: tolerance)
            climbs[i].before = before
            // A round that brought next to nothing is the end as well: along flat directions a climb can creep for long.
            if climbs[i].isActive, climbs[i].increase - before <= tolerance * abs(before) { climbs[i].finish() }
            if climbs[i].iterations >= most { climbs[i].isActive = false }
        }
    }
}
