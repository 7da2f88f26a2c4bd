import Tensors

@testable import Autodiff

/// A random expression graph on small whole numbers. Bounds on all values are kept below 2²², so every evaluation order gives
/// the same numbers in both precisions.
struct RandomGraph {
    let graph = Graph()
    private(set) var inputs: [(Value, [Double])] = []
    private(set) var outputs: [Value] = []
    private var values: [(value: Value, bound: Double)] = []
    private let random: RandomNumbers
    private var counter = 0
    private let mostElements: Int

    /// - Parameter shapes: what inputs start from.
    init(seed: UInt64, operations: Int, shapes: [[Int]], mostElements: Int = 4096) {
        random = RandomNumbers(seed: seed).named("graph")
        self.mostElements = mostElements
        for _ in 0..<(1 + below(3)) { input(shapes[below(shapes.count)]) }
        for _ in 0..<operations { operation() }
        // The last value, and some of the others.
        outputs = [values.last!.value]
        for (value, _) in values where below(6) == 0 { outputs.append(value) }
    }

    /// Other numbers for the inputs of a stage.
    mutating func redraw(_ stage: Stage) {
        for i in inputs.indices where inputs[i].0.stage == stage {
            inputs[i].1 = integers(inputs[i].1.count, seed: UInt64(1000 + counter + i))
        }
    }

    private mutating func below(_ count: Int) -> Int {
        defer { counter += 1 }
        return Int(random.bits(at: counter) % UInt64(count))
    }

    private mutating func input(_ shape: [Int]) {
        let stage: Stage = [.data, .parameters, .tangent][below(3)]
        let value = graph.input("x\(inputs.count)", TensorType(shape), stage)
        inputs.append((value, integers(value.type.count, seed: UInt64(inputs.count))))
        values.append((value, 3))
    }

    /// Recent values are likelier, so that graphs grow deep as well as wide.
    private mutating func pick() -> (Value, Double) {
        let recent = min(values.count, below(2) == 0 ? 4 : values.count)
        return values[values.count - 1 - below(recent)]
    }

    private func limited(_ x: (Value, Double), _ most: Double) -> (Value, Double) {
        if x.1 <= most { return x }
        let (low, high) = (graph.constant(-4), graph.constant(4))
        return (x.0.minimum(high).maximum(low), 4)
    }

    private mutating func keep(_ value: Value, _ bound: Double) {
        if value.type.count <= mostElements { values.append((value, bound)) }
    }

    private mutating func axes(_ shape: [Int]) -> [Int] { shape.indices.filter { _ in below(2) == 0 } }

    private mutating func operation() {
        let (x, bound) = limited(pick(), 0x1p16)
        switch below(20) {
        case 0: keep(-x, bound)
        case 1: keep(x.relu(), bound)
        case 2: keep(x.abs(), bound)
        case 3: keep(x.offset(Double(below(5) - 2)), bound + 2)
        case 4: keep(x.scaled([-1, 2, 3][below(3)]), bound * 3)
        case 5: keep(below(2) == 0 ? x.step() : x.sign(), 1)
        case 6...10: binary(x, bound)
        case 11, 12, 13:
            let axes = axes(x.shape)
            let count = Double(axes.reduce(1) { $0 * x.shape[$1] })
            let (limitedX, limitedBound) = limited((x, bound), 0x1p21 / count)
            keep(below(2) == 0 ? limitedX.sum(axes) : limitedX.maximum(over: axes), limitedBound * count)
        case 14:
            var order = Array(x.shape.indices)
            for i in order.indices.reversed() { order.swapAt(i, below(i + 1)) }
            keep(x.permuted(order), bound)
        case 15:
            let axis = below(max(1, x.shape.count)), step = 1 + below(2)
            guard axis < x.shape.count else { return }
            let start = below(x.shape[axis]), count = 1 + below((x.shape[axis] - start - 1) / step + 1)
            keep(x.slice(axis, from: start, count: count, step: step), bound)
        case 16:
            // Two neighbouring dimensions become one.
            guard x.shape.count > 1 else { return keep(x.reshaped([1] + x.shape), bound) }
            let axis = below(x.shape.count - 1)
            var shape = x.shape
            let next = shape.remove(at: axis + 1)
            shape[axis] *= next
            keep(x.reshaped(shape), bound)
        case 17:
            let axis = below(max(1, x.shape.count))
            guard axis < x.shape.count else { return }
            if below(2) == 0 {
                keep(x.padded(axis, before: below(3), after: below(3)), bound)
            } else if x.type.count * 2 <= mostElements {
                keep(Value.concatenate([x, -x], axis: axis), bound)
            }
        case 18:
            guard x.shape.count > 1, x.shape.last! <= 64 else { return }
            let (a, limit) = limited((x, bound), 100)
            let columns = a.shape[a.shape.count - 1], rows = a.shape[a.shape.count - 2]
            let products = limit * limit * Double(columns)
            if rows <= 64, a.type.count / columns * rows <= mostElements {
                keep(a.product(a, transposeB: true), products)
            }
        default: input(broadcastPartner(x.shape))
        }
    }

    /// The shape with random extents 1, sometimes with leading dimensions left out: every way to broadcast.
    private mutating func broadcastPartner(_ shape: [Int]) -> [Int] {
        let ones = shape.map { below(2) == 0 ? 1 : $0 }
        return below(4) == 0 ? Array(ones.dropFirst(below(shape.count + 1))) : ones
    }

    private mutating func binary(_ x: Value, _ xBound: Double) {
        func fits(_ y: Value) -> Bool {
            zip(x.shape.reversed(), y.shape.reversed()).allSatisfy { $0 == $1 || $0 == 1 || $1 == 1 }
        }
        var partners = values.filter { fits($0.value) }
        if partners.isEmpty || below(4) == 0 {
            input(broadcastPartner(x.shape))
            partners = [values.last!]
        }
        let y = limited(partners[below(partners.count)], 0x1p16)
        let rank = max(x.shape.count, y.0.shape.count)
        func extent(_ shape: [Int], _ i: Int) -> Int { i < rank - shape.count ? 1 : shape[i - (rank - shape.count)] }
        guard (0..<rank).reduce(1, { $0 * max(extent(x.shape, $1), extent(y.0.shape, $1)) }) <= mostElements else {
            return
        }
        switch below(10) {
        case 0, 1: keep(x + y.0, xBound + y.1)
        case 2: keep(x - y.0, xBound + y.1)
        case 3, 4:
            let (a, b) = (limited((x, xBound), 1000), limited(y, 1000))
            keep(a.0 * b.0, a.1 * b.1)
        case 5: keep(x.maximum(y.0), max(xBound, y.1))
        case 6: keep(x.minimum(y.0), max(xBound, y.1))
        case 7: keep(below(2) == 0 ? x.greater(than: y.0) : x.equal(to: y.0), 1)
        case 8: keep(x.masked(by: y.0), xBound)
        default: keep(x.greater(than: y.0).select(x, y.0), max(xBound, y.1))
        }
    }
}
