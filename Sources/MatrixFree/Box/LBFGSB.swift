import Tensors

/// A local minimum of a smooth function in a box, by L-BFGS-B (Byrd, Lu, Nocedal, Zhu 1995, doi:10.1137/0916069).
///
///     let box = try BoxConstraint(halfWidths: [1, 1])
///     let minimum = try LBFGSB().minimize(in: box, from: [0, 0]) { x in (x[0] + x[1] * x[1], [1, 2 * x[1]]) }
///
/// An iteration finds the generalised Cauchy point, the first local minimum of the quadratic model along the projected
/// gradient path. It minimises the model over the coordinates that are free there, by the Sherman–Morrison–Woodbury
/// formula. Then it searches the line to that point for a step that meets Armijo's condition and, where it may go
/// further, Wolfe's. The minimiser over the free coordinates is projected onto the box where that still leads down,
/// else cut short, as in the authors' version 3.0 (Morales & Nocedal 2011, doi:10.1145/2049662.2049669).
public struct LBFGSB: Sendable, Equatable {
    /// Pairs of steps and changes of the gradient that the model keeps, at least 1. Default 10, that of the authors'
    /// interfaces.
    public var memory: Int
    /// The iterations after which it ends, not converged; at least 1. Default 100, ours; Keskar et al. (arXiv
    /// 1609.04836) use 10.
    public var maximumIterations: Int
    /// It has converged when an iteration lowers the value by at most this share of max(|f|, 1); 0 or more. Default
    /// 2.2e-9, the authors' factr = 1e7.
    public var tolerance: Double

    /// Settings for a run; each parameter is described at the property of its name.
    public init(memory: Int = 10, maximumIterations: Int = 100, tolerance: Double = 2.2e-9) {
        (self.memory, self.maximumIterations, self.tolerance) = (memory, maximumIterations, tolerance)
    }

    /// Finds a local minimum of a function in a box.
    ///
    /// - Parameters:
    ///   - box: n lower and upper bounds.
    ///   - start: n numbers, projected onto the box.
    ///   - progress: called before every iteration with the number done; what it throws ends the work.
    ///   - function: the value and the gradient, n numbers, at a point of the box.
    /// - Throws: `MatrixFreeError` where start, box and gradient do not fit or the start's value is not finite; what
    ///   `function` and `progress` throw.
    public func minimize(
        in box: BoxConstraint, from start: [Double], progress: (_ iteration: Int) throws -> Void = { _ in },
        _ function: ([Double]) throws -> (value: Double, gradient: [Double])
    ) throws -> BoxMinimum {
        guard start.count == box.lower.count, !start.isEmpty, memory > 0, maximumIterations > 0, tolerance >= 0 else {
            throw MatrixFreeError.invalidArgument(
                "L-BFGS-B: a start of \(start.count) numbers in a box of \(box.lower.count), \(memory) pairs, "
                    + "\(maximumIterations) iterations; expected equal lengths and positive numbers")
        }
        _ = try blasCount(start.count)
        var x = box.projection(start)
        var (value, gradient) = try function(x)
        var (evaluations, iterations) = (1, 0)
        guard gradient.count == start.count else {
            throw MatrixFreeError.invalidArgument(
                "L-BFGS-B: a gradient of \(gradient.count) numbers at a point of \(start.count); expected as many")
        }
        guard value.isFinite, gradient.allSatisfy(\.isFinite) else {
            throw MatrixFreeError.invalidArgument("L-BFGS-B: the start's value is \(value); expected a finite one")
        }
        var matrix = LimitedMemoryMatrix(capacity: memory)
        var curve = [value]
        var converged = box.stationarity(x, gradient) == 0
        while iterations < maximumIterations, !converged {
            try progress(iterations)
            let model = BoxModel(matrix: matrix, box: box, point: x, gradient: gradient)
            let cauchy = model.cauchyPoint()
            let direction = Vectors.sum(model.subspaceMinimum(from: cauchy), -1, x)
            var search = LineSearch(
                value: value, slope: Vectors.dot(gradient, direction), longest: box.reach(from: x, along: direction))
            var next: (point: [Double], value: Double, gradient: [Double])?
            while let step = search.next {
                let point = box.projection(Vectors.sum(x, step, direction))
                let (there, slope) = try function(point)
                evaluations += 1
                if search.take(step, value: there, slope: Vectors.dot(slope, direction)) {
                    next = (point, there, slope)
                }
            }
            guard let next else {
                // The model may be at fault: once more without it, along the projected gradient.
                if matrix.width == 0 { converged = true }
                matrix.reset()
                continue
            }
            matrix.update(step: Vectors.sum(next.point, -1, x), change: Vectors.sum(next.gradient, -1, gradient))
            let gain = value - next.value
            (x, value, gradient) = (next.point, next.value, next.gradient)
            iterations += 1
            curve.append(value)
            converged = gain <= tolerance * max(abs(value), abs(value + gain), 1) || box.stationarity(x, gradient) == 0
        }
        return BoxMinimum(
            point: x, value: value, stationarity: box.stationarity(x, gradient), iterations: iterations,
            evaluations: evaluations, curve: curve, converged: converged)
    }
}

/// Which step lengths to try: 1 first, further where the function still falls steeply, back where it does not fall.
private struct LineSearch {
    /// Armijo's and Wolfe's constants; 1e-3 and 0.9 are those of the authors' program. At most 20 evaluations, theirs
    /// too.
    private static let decrease = 1e-3, curvature = 0.9, most = 20
    let value: Double, slope: Double, longest: Double
    private var best: (step: Double, value: Double)?
    private var tried = 0
    /// The step to try now; nil at the end.
    private(set) var next: Double?

    init(value: Double, slope: Double, longest: Double) {
        (self.value, self.slope, self.longest) = (value, slope, longest)
        next = slope < 0 && longest > 0 ? min(1, longest) : nil
    }

    /// Takes note of what is at a step, and decides on the next. Whether it is the best acceptable one so far.
    mutating func take(_ step: Double, value there: Double, slope slopeThere: Double) -> Bool {
        tried += 1
        next = nil
        let isLower = there.isFinite && there <= value + Self.decrease * step * slope
        if isLower, there < best?.value ?? .infinity {
            best = (step, there)
            if slopeThere < Self.curvature * slope, step < longest, tried < Self.most { next = min(longest, 4 * step) }
            return true
        }
        if best == nil, tried < Self.most {
            // The minimum of the parabola through what is known, within a tenth and a half of the step.
            let bend = there - value - slope * step
            let parabola = there.isFinite && bend > 0 ? -slope * step * step / (2 * bend) : 0
            next = min(0.5 * step, max(0.1 * step, parabola))
        }
        return false
    }
}
