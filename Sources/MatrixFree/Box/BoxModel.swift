import Tensors

/// The quadratic model gᵀ(z − x) + ½(z − x)ᵀB(z − x) in a box, with B in compact form.
struct BoxModel {
    let matrix: LimitedMemoryMatrix
    let box: BoxConstraint
    /// x.
    let point: [Double]
    let gradient: [Double]

    struct CauchyPoint {
        var point: [Double]
        /// Wᵀ(z − x).
        var coordinates: [Double]
    }

    /// The first local minimum along P(x − tg), t ≥ 0: a search from one breakpoint to the next, O(k²) each (algorithm
    /// CP).
    func cauchyPoint() -> CauchyPoint {
        let n = point.count, width = matrix.width, theta = matrix.scale
        var breaks = [Double](repeating: .infinity, count: n)
        var direction = [Double](repeating: 0, count: n)
        for i in 0..<n where gradient[i] != 0 {
            let bound = gradient[i] < 0 ? box.upper[i] : box.lower[i]
            breaks[i] = max(0, (point[i] - bound) / gradient[i])
            if breaks[i] > 0 { direction[i] = -gradient[i] }
        }
        let order = (0..<n).filter { breaks[$0] > 0 && breaks[$0].isFinite }.sorted { breaks[$0] < breaks[$1] }

        var p = matrix.transposed(direction)
        var c = [Double](repeating: 0, count: width), w = c
        var slope = -Vectors.dot(direction, direction)
        var result = point
        guard slope < 0 else { return CauchyPoint(point: result, coordinates: c) }
        var bend = -theta * slope - Vectors.dot(p, matrix.middleProduct(p))
        let leastBend = 0x1p-52 * abs(theta * slope)
        var stay = -slope / max(bend, leastBend)
        var time = 0.0
        for i in order {
            let span = breaks[i] - time
            if stay < span { break }
            // Past this breakpoint, coordinate i stays at its bound.
            result[i] = gradient[i] < 0 ? box.upper[i] : box.lower[i]
            let (g, z) = (gradient[i], result[i] - point[i])
            for j in 0..<width { c[j] += span * p[j] }
            if width > 0 { matrix.row(i, into: &w) }
            let mw = matrix.middleProduct(w)
            slope += span * bend + g * g + theta * g * z - g * Vectors.dot(mw, c)
            bend -= theta * g * g + 2 * g * Vectors.dot(mw, p) + g * g * Vectors.dot(mw, w)
            for j in 0..<width { p[j] += g * w[j] }
            direction[i] = 0
            time = breaks[i]
            // At a minimum to rounding, or with nothing left that moves.
            stay = slope < 0 ? -slope / max(bend, leastBend) : 0
        }
        // With every coordinate at a bound, what is left of the slope is rounding.
        if !direction.contains(where: { $0 != 0 }) { stay = 0 }
        let rest = time + stay
        for i in 0..<n where direction[i] != 0 {
            result[i] = min(box.upper[i], max(box.lower[i], point[i] + rest * direction[i]))
        }
        for j in 0..<width { c[j] += stay * p[j] }
        return CauchyPoint(point: result, coordinates: c)
    }

    /// The minimum of the model over the coordinates that are free at the Cauchy point, the others held: in the box, by
    /// projection or, where that does not lead down, by cutting the way to it short.
    func subspaceMinimum(from cauchy: CauchyPoint) -> [Double] {
        let width = matrix.width, theta = matrix.scale, z = cauchy.point
        guard width > 0 else { return z }
        let free = z.indices.filter { box.lower[$0] < z[$0] && z[$0] < box.upper[$0] }
        guard !free.isEmpty else { return z }
        // The reduced gradient r = Zᵀ(g + θ(z − x) − WMc).
        let pull = matrix.product(matrix.middleProduct(cauchy.coordinates))
        var reduced = [Double](repeating: 0, count: z.count)
        for i in free { reduced[i] = gradient[i] + theta * (z[i] - point[i]) - pull[i] }

        // d = −r/θ − ZᵀW (I − M WᵀZZᵀW/θ)⁻¹ M WᵀZ r / θ².
        var gram = [Double](repeating: 0, count: width * width), w = [Double](repeating: 0, count: width)
        for i in free {
            matrix.row(i, into: &w)
            for a in 0..<width {
                let factor = w[a] / theta
                for b in 0...a { gram[a * width + b] += factor * w[b] }
            }
        }
        for a in 0..<width { for b in 0..<a { gram[b * width + a] = gram[a * width + b] } }
        var system = [Double](repeating: 0, count: width * width)
        for column in 0..<width {
            let product = matrix.middleProduct(Array(gram[(column * width)..<((column + 1) * width)]))
            for row in 0..<width { system[column * width + row] = (row == column ? 1 : 0) - product[row] }
        }
        let right = matrix.middleProduct(matrix.transposed(reduced))
        guard let v = LimitedMemoryMatrix.solution(system, right, columns: 1) else { return z }
        let correction = matrix.product(v)
        var step = [Double](repeating: 0, count: z.count)
        for i in free { step[i] = -reduced[i] / theta - correction[i] / (theta * theta) }

        let projected = box.projection(Vectors.sum(z, 1, step))
        if Vectors.dot(gradient, Vectors.sum(projected, -1, point)) < 0 { return projected }
        return box.projection(Vectors.sum(z, min(1, box.reach(from: z, along: step)), step))
    }
}
