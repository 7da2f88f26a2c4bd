import Foundation

@testable import Autodiff

/// Evaluates a graph node by node with plain loops in Float64, without views, fusion or shared memory: what every executable
/// must agree with.
func interpret(
    _ graph: Graph, _ outputs: [Value], _ inputs: [(Value, [Double])], indices: [(Value, [Int32])] = []
) -> [[Double]] {
    var values: [Int: [Double]] = [:]
    for (input, numbers) in inputs { values[input.id] = numbers }
    for (input, numbers) in indices { values[input.id] = numbers.map(Double.init) }
    let needed = graph.ancestors(of: outputs.map(\.id))
    for (id, node) in graph.nodes.enumerated() where needed[id] && values[id] == nil {
        let operands = node.operands.map { values[$0]! }
        let types = node.operands.map { graph.nodes[$0].type }
        values[id] = node.primitive.plain(operands, types, node.type)
        precondition(values[id]!.count == node.type.count)
    }
    return outputs.map { values[$0.id]! }
}

/// All positions of a shape in row-major order.
func positions(_ shape: [Int]) -> [[Int]] {
    var result: [[Int]] = [], at = shape.map { _ in 0 }
    for _ in 0..<shape.reduce(1, *) {
        result.append(at)
        for i in shape.indices.reversed() {
            at[i] += 1
            if at[i] < shape[i] { break }
            at[i] = 0
        }
    }
    return result
}

private func flat(_ position: [Int], _ shape: [Int]) -> Int { zip(position, shape).reduce(0) { $0 * $1.1 + $1.0 } }

extension Primitive {
    fileprivate func plain(_ x: [[Double]], _ types: [TensorType], _ type: TensorType) -> [Double] {
        let shapes = types.map(\.shape)
        switch self {
        case let p as Constant: return [Double](repeating: p.number, count: type.count)
        case let p as Unary: return x[0].map(p.plain)
        case let p as Binary: return zip(x[0], x[1]).map(p.plain)
        case is Select: return x[0].indices.map { x[0][$0] != 0 ? x[1][$0] : x[2][$0] }
        case is Accumulation: return zip(x[0], x[1]).map { $0 + $1 }
        case is NormalDistribution: return x[0].map { 0.5 * erfc(-$0 / 2.0.squareRoot()) }
        case is Standardized: return x[0].indices.map { (x[0][$0] - x[1][$0]) * x[2][$0] }
        case is Gelu, is TanhGelu: return zip(x[0], x[1]).map { $0 * $1 }
        case is TanhGeluSlope:
            return zip(x[0], x[1]).map { x, s in
                s + x * s * (1 - s) * 2 * (2 / Double.pi).squareRoot() * (1 + 3 * 0.044715 * x * x)
            }
        case is GeluSlope: return x[0].indices.map { x[1][$0] + x[0][$0] * x[2][$0] / (2 * Double.pi).squareRoot() }
        case is Reshape, is StopGradient: return x[0]
        case is Broadcast:
            return positions(type.shape).map { at in x[0][flat(zip(at, shapes[0]).map { $1 == 1 ? 0 : $0 }, shapes[0])]
            }
        case let p as Permute:
            return positions(type.shape).map { at in
                var from = at
                for (i, axis) in p.axes.enumerated() { from[axis] = at[i] }
                return x[0][flat(from, shapes[0])]
            }
        case let p as Slice:
            return positions(type.shape).map { at in
                x[0][flat(at.indices.map { p.starts[$0] + p.steps[$0] * at[$0] }, shapes[0])]
            }
        case let p as Pad:
            var y = [Double](repeating: 0, count: type.count)
            for (i, at) in positions(shapes[0]).enumerated() {
                y[flat(at.indices.map { p.starts[$0] + p.steps[$0] * at[$0] }, type.shape)] = x[0][i]
            }
            return y
        case let p as Concatenate:
            return positions(type.shape).map { at in
                var from = at, operand = 0
                while from[p.axis] >= shapes[operand][p.axis] {
                    from[p.axis] -= shapes[operand][p.axis]
                    operand += 1
                }
                return x[operand][flat(from, shapes[operand])]
            }
        case let p as Reduction where p.kind == .variance:
            var groups = [[Double]](repeating: [], count: type.count)
            for (i, at) in positions(shapes[0]).enumerated() {
                groups[flat(at.indices.map { p.axes.contains($0) ? 0 : at[$0] }, type.shape)].append(x[0][i])
            }
            return groups.map { group in
                let mean = group.reduce(0, +) / Double(group.count)
                return group.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(group.count)
            }
        case let p as Reduction:
            var y = [Double](repeating: p.kind == .sum ? 0 : -.infinity, count: type.count)
            for (i, at) in positions(shapes[0]).enumerated() {
                let to = flat(at.indices.map { p.axes.contains($0) ? 0 : at[$0] }, type.shape)
                y[to] = p.kind == .sum ? y[to] + x[0][i] : Binary.maximum.plain(y[to], x[0][i])
            }
            return y
        case let p as Softmax:
            let width = type.shape.last!
            return stride(from: 0, to: x[0].count, by: width).flatMap { first in
                let row = x[0][first..<(first + width)].map { $0 * p.scale }, most = row.max()!
                let e = row.map { exp($0 - most) }, sum = e.reduce(0, +)
                return e.map { $0 / sum }
            }
        case let p as SoftmaxSlope:
            let width = type.shape.last!
            return stride(from: 0, to: x[0].count, by: width).flatMap { first in
                let row = first..<(first + width), mean = row.reduce(0) { $0 + x[0][$1] * x[1][$1] }
                return row.map { p.scale * x[0][$0] * (x[1][$0] - mean) }
            }
        case let p as MatrixProduct: return p.plain(x, shapes, type.shape)
        case let p as Convolution: return p.plain(x, type.count)
        default: preconditionFailure("no plain evaluation of \(name)")
        }
    }
}

extension Convolution {
    /// By the definition: every tap of every output.
    fileprivate func plain(_ operands: [[Double]], _ count: Int) -> [Double] {
        var y = [Double](repeating: 0, count: count)
        let g = geometry, each = g.channels / g.groups, filters = g.filters / g.groups
        let image = result == .input ? g.outputHeight * g.outputWidth * g.filters : g.height * g.width * g.channels
        for at in positions([
            operands[0].count / image, g.outputHeight, g.outputWidth, g.filters, g.kernel[0], g.kernel[1], each,
        ]) {
            let row = at[1] * g.stride[0] - g.padding[0] + at[4] * g.dilation[0]
            let column = at[2] * g.stride[1] - g.padding[1] + at[5] * g.dilation[1]
            guard 0..<g.height ~= row, 0..<g.width ~= column else { continue }
            let channel = at[3] / filters * each + at[6]
            let x = ((at[0] * g.height + row) * g.width + column) * g.channels + channel
            let w = ((at[4] * g.kernel[1] + at[5]) * each + at[6]) * g.filters + at[3]
            let z = ((at[0] * g.outputHeight + at[1]) * g.outputWidth + at[2]) * g.filters + at[3]
            switch result {
            case .output: y[z] += operands[0][x] * operands[1][w]
            case .input: y[x] += operands[0][z] * operands[1][w]
            case .weight: y[w] += operands[0][x] * operands[1][z]
            }
        }
        return y
    }
}

extension MatrixProduct {
    fileprivate func plain(_ x: [[Double]], _ shapes: [[Int]], _ shape: [Int]) -> [Double] {
        let rank = shape.count, m = shape[rank - 2], n = shape[rank - 1]
        let k = shapes[0][rank - (transposesA ? 2 : 1)]
        var y: [Double] = []
        for batch in 0..<shape.dropLast(2).reduce(1, *) {
            for i in 0..<m {
                for j in 0..<n {
                    y.append(
                        (0..<k).reduce(0) { sum, l in
                            sum + x[0][batch * m * k + (transposesA ? l * m + i : i * k + l)]
                                * x[1][batch * k * n + (transposesB ? j * k + l : l * n + j)]
                        })
                }
            }
        }
        return y
    }
}

extension Unary {
    fileprivate func plain(_ x: Double) -> Double {
        switch self {
        case .copy: x
        case .negate: -x
        case .exp: Foundation.exp(x)
        case .log: Foundation.log(x)
        case .sqrt: x.squareRoot()
        case .reciprocal: 1 / x
        case .square: x * x
        case .tanh: Foundation.tanh(x)
        case .sigmoid: 1 / (1 + Foundation.exp(-x))
        case .erf: Foundation.erf(x)
        case .softplus: Swift.max(x, 0) + log1p(Foundation.exp(-Swift.abs(x)))
        case .sin: Foundation.sin(x)
        case .cos: Foundation.cos(x)
        case .abs: Swift.abs(x)
        case .sign: x > 0 ? 1 : x < 0 ? -1 : x
        case .floor: Foundation.floor(x)
        case .relu: x < 0 ? 0 : x
        case .step: x > 0 ? 1 : 0
        case .scale(let a): x * a
        case .offset(let a): x + a
        case .power(let a): pow(x, a)
        }
    }
}

extension Binary {
    fileprivate func plain(_ a: Double, _ b: Double) -> Double {
        switch self {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: a / b
        case .minimum: a.isNaN || b.isNaN ? .nan : Swift.min(a, b)
        case .maximum: a.isNaN || b.isNaN ? .nan : Swift.max(a, b)
        case .greater: a > b ? 1 : 0
        case .mask: b > 0 ? a : 0
        case .equal: a == b ? 1 : 0
        }
    }
}
