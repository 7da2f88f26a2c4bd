import ArrayFiles
import Autodiff
import Essentials
import Networks

/// One node with its operands: what an operator's function gets. Functions throw `ONNXError` for whatever a file may have made
/// wrong; what they pass on to the graph is right.
struct OperatorCall {
    typealias Implementation = @Sendable (OperatorCall) throws -> [Operand]

    let node: OperatorGraph.Node
    let operands: [Operand?]
    let interpreter: OperatorInterpreter

    var graph: Graph { interpreter.builder.graph }
    var opset: Int { interpreter.description.opset }
    var kind: String { node.kind }

    func failure(_ problem: String) -> ONNXError { .node(operator: node.kind, node: node.name, problem: problem) }

    // MARK: operands

    func optional(_ index: Int) -> Operand? { operands.indices.contains(index) ? operands[index] : nil }

    func operand(_ index: Int) throws -> Operand {
        guard let operand = optional(index) else { throw failure("input \(index) is missing") }
        return operand
    }

    /// As a value of the graph, whatever it is, real.
    func tensor(_ index: Int) throws -> Value { try lifted(try operand(index)).value.asReal() }

    func optionalTensor(_ index: Int) throws -> Value? { optional(index) == nil ? nil : try tensor(index) }

    func lifted(_ operand: Operand) throws -> GraphTensor {
        switch operand {
        case .graph(let tensor): return tensor
        case .host(let tensor):
            try check(tensor.shape)
            return GraphTensor(graph.literal(tensor.values, shape: tensor.shape), tensor.kind)
        }
    }

    /// As numbers known now.
    func host(_ index: Int) throws -> HostTensor {
        guard case .host(let tensor) = try operand(index) else {
            throw ONNXError.notConstant(operator: node.kind, node: node.name, input: index)
        }
        return tensor
    }

    func optionalHost(_ index: Int) throws -> HostTensor? { optional(index) == nil ? nil : try host(index) }

    /// One number known now.
    func number(_ index: Int, default other: Double? = nil) throws -> Double {
        if optional(index) == nil, let other { return other }
        let tensor = try host(index)
        guard tensor.values.count == 1 else {
            throw failure("input \(index) has shape \(tensor.shape.shown), expected one number")
        }
        return tensor.values[0]
    }

    /// All operands, where all are known now.
    var hosts: [HostTensor]? {
        var result: [HostTensor] = []
        for operand in operands {
            guard case .host(let tensor) = operand else { return nil }
            result.append(tensor)
        }
        return result
    }

    // MARK: attributes

    func integer(_ name: String) -> Int? { node.attributes[name]?.integer }
    func integer(_ name: String, default other: Int) -> Int { integer(name) ?? other }
    func flag(_ name: String, default other: Bool = false) -> Bool { integer(name).map { $0 != 0 } ?? other }
    func real(_ name: String, default other: Double) -> Double { node.attributes[name]?.real ?? other }
    func text(_ name: String, default other: String) -> String { node.attributes[name]?.text ?? other }
    func integers(_ name: String) -> [Int]? { node.attributes[name]?.integers }

    // MARK: shapes

    /// Extents and their product must be such as a graph can have.
    func check(_ shape: [Int]) throws {
        guard shape.count <= 8 else { throw failure("found \(shape.count) dimensions, expected at most 8") }
        var product = 1
        for extent in shape {
            guard extent > 0 else {
                throw failure("found a tensor of shape \(shape.shown), expected one with elements")
            }
            let (next, overflow) = product.multipliedReportingOverflow(by: extent)
            guard !overflow, next / interpreter.batch <= OperatorInterpreter.mostElements else {
                throw failure("a tensor of shape \(shape.shown) is too large")
            }
            product = next
        }
    }

    /// The number of elements of a host tensor, bounded.
    func hostCount(_ shape: [Int]) throws -> Int {
        var product = 1
        for extent in shape {
            guard extent >= 0 else { throw failure("found the shape \(shape.shown), expected extents from 0") }
            let (next, overflow) = product.multipliedReportingOverflow(by: extent)
            guard !overflow, next <= OperatorInterpreter.mostHostElements else {
                throw failure("a constant of shape \(shape.shown) is too large")
            }
            product = next
        }
        return product
    }

    /// An axis counted from the end if negative.
    func axis(_ axis: Int, rank: Int) throws -> Int {
        guard axis >= -rank, axis < rank else {
            throw failure("found axis \(axis), expected \(-rank) to \(rank - 1)")
        }
        return axis < 0 ? axis + rank : axis
    }

    func axes(_ axes: [Int], rank: Int) throws -> [Int] {
        let result = try axes.map { try axis($0, rank: rank) }
        guard Set(result).count == result.count else { throw failure("found an axis twice in \(axes.shown)") }
        return result
    }

    func rank(_ value: [Int], _ expected: ClosedRange<Int>) throws {
        guard expected.contains(value.count) else {
            let words =
                expected.count == 1 ? "\(expected.lowerBound)" : "\(expected.lowerBound) to \(expected.upperBound)"
            throw failure("found an operand of shape \(value.shown), expected \(words) dimensions")
        }
    }

    /// The shape that NumPy's rules broadcast these to.
    func broadcast(_ shapes: [[Int]]) throws -> [Int] {
        var result: [Int] = []
        for shape in shapes {
            let rank = max(result.count, shape.count)
            let a = [Int](repeating: 1, count: rank - result.count) + result
            let b = [Int](repeating: 1, count: rank - shape.count) + shape
            result = try zip(a, b).map { x, y in
                guard x == y || x == 1 || y == 1 else {
                    throw failure("shapes \(shapes.map(\.shown).joined(separator: " and ")) do not broadcast")
                }
                return x == 1 ? y : x
            }
        }
        return result
    }
}
