/// The hidden dimensions of a computation: which axes of its parameters count the same units, so that their order is free.
///
/// They are read off the graph, through products, convolutions and their groups, normalisation, sums with shortcuts, pools, flattening, heads of
/// attention, slices and concatenations. No architecture is known by name. What an operation says nothing about keeps its order.
///
/// Units that a product splits, such as heads and the channels of each, are permuted as such: whole heads, and the channels of all heads alike.
public struct HiddenDimensions: Sendable, Equatable {
    /// How many units each dimension has.
    public let sizes: [Int]
    /// For each value asked about, what each of its axes counts.
    public let axes: [[AxisForm]]
    /// The values in which the units' activations are compared: what products and convolutions read of data, which is what stands behind the
    /// nonlinearities. Of a dimension that none of them reads, all values that are computed of data.
    public let activations: [HiddenActivation]

    /// - Parameters:
    ///   - values: parameters and buffers.
    ///   - free: how many of them, from the first, may be permuted; a dimension that none of these has is none.
    ///   - outputs: what has to stay as it is.
    /// - Precondition: values of one graph; at least one output.
    public init(of values: [Value], free: Int, outputs: [Value]) {
        let graph = outputs[0].graph, needed = graph.ancestors(of: outputs.map(\.id))
        let forms = AxisForms(), known = Set(values.map(\.id))
        // None for what is the same everywhere: one constant of a graph may stand in many places, whose axes have nothing in common.
        var axes = [[Int]?](repeating: nil, count: graph.nodes.count)
        for (id, node) in graph.nodes.enumerated() where needed[id] {
            let operands = node.operands.map { axes[$0] }
            if node.primitive is Constant
                || !operands.isEmpty && operands.allSatisfy({ $0 == nil }) && node.keepsUniform
            {
                continue
            }
            let shapes = node.operands.map { graph.nodes[$0].type.shape }
            axes[id] = AxisRules(forms, node).result(operands, shapes, isParameter: known.contains(id))
        }
        for output in outputs { for axis in axes[output.id] ?? [] { forms.fix(axis) } }
        var numbers: [Int: Int] = [:]
        // Units are numbered as the free values have them.
        let all = values.map { value in
            (axes[value.id] ?? value.shape.map { forms.leaf($0, isFixed: true) }).map { axis in
                forms.form(axis) { leaf in
                    numbers[leaf] = numbers[leaf] ?? numbers.count
                    return numbers[leaf]!
                }
            }
        }
        let owned = Set(all.prefix(free).flatMap { $0.flatMap(\.dimensions) })
        let order = owned.sorted()
        let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
        self.axes = all.map { $0.map { $0.keeping { places[$0] } } }
        let carriers = graph.computedOfData(needed).compactMap { id -> HiddenActivation? in
            guard let axes = axes[id] else { return nil }
            let forms = axes.map { forms.form($0) { numbers[$0] ?? numbers.count } }
            let own = forms.map { $0.keeping { places[$0] } }
            return own.contains { !$0.dimensions.isEmpty } ? HiddenActivation(node: id, axes: own) : nil
        }
        let read = graph.readByProducts(needed), chosen = carriers.filter { read.contains($0.node) }
        let reached = Set(chosen.flatMap { $0.units.dimensions })
        activations = carriers.filter { carrier in
            read.contains(carrier.node) || !reached.isSuperset(of: carrier.units.dimensions)
        }
        var sizes = [Int](repeating: 0, count: order.count)
        func note(_ form: AxisForm) {
            switch form {
            case .fixed: break
            case .hidden(let number, let size): sizes[number] = size
            case .sum(let parts), .product(let parts): parts.forEach(note)
            }
        }
        for axes in self.axes { axes.forEach(note) }
        self.sizes = sizes
    }
}

/// A value of a computation that has units of hidden dimensions along some of its axes.
public struct HiddenActivation: Sendable, Equatable {
    let node: Int
    private let factors: [AxisForm]

    init(node: Int, axes: [AxisForm]) {
        self.node = node
        factors = axes.flatMap { axis in if case .product(let factors) = axis { factors } else { [axis] } }
    }

    /// What counts units, the factors of all axes together.
    public var units: AxisForm {
        let hidden = factors.filter { !$0.dimensions.isEmpty }
        return hidden.count == 1 ? hidden[0] : .product(hidden)
    }

    /// The value with a row for each of the units: [units, everything else].
    ///
    /// - Precondition: the graph that it was found in.
    public func rows(in graph: Graph) -> Value {
        let hidden = factors.indices.filter { !factors[$0].dimensions.isEmpty }
        let others = factors.indices.filter { factors[$0].dimensions.isEmpty }
        let value = Value(graph: graph, id: node), count = units.size
        return value.reshaped(factors.map(\.size)).permuted(hidden + others).reshaped([count, value.type.count / count])
    }
}

extension Graph {
    /// Nodes of real numbers, among some, that depend on data; without the data themselves.
    fileprivate func computedOfData(_ needed: [Bool]) -> [Int] {
        var depends = [Bool](repeating: false, count: nodes.count), found: [Int] = []
        for (id, node) in nodes.enumerated() where needed[id] {
            if node.primitive is Input {
                depends[id] = node.stage == .data
            } else if node.operands.contains(where: { depends[$0] }) {
                depends[id] = true
                if node.type.element == .real { found.append(id) }
            }
        }
        return found
    }

    /// Operands of the matrix products and convolutions among some nodes.
    fileprivate func readByProducts(_ needed: [Bool]) -> Set<Int> {
        Set(
            nodes.indices.lazy.filter { needed[$0] }.map { self.nodes[$0] }.filter {
                $0.primitive is MatrixProduct || $0.primitive is Convolution
            }.flatMap(\.operands))
    }
}

extension Graph.Node {
    /// Whether operands that are the same everywhere make a result that is.
    fileprivate var keepsUniform: Bool {
        switch primitive {
        case is any ElementwisePrimitive, is Broadcast, is Reshape, is Permute, is Slice, is StopGradient, is Deferred,
            is Reduction:
            true
        default: false
        }
    }
}

/// What an operation says of its operands' axes.
private struct AxisRules {
    private let forms: AxisForms
    private let node: Graph.Node

    init(_ forms: AxisForms, _ node: Graph.Node) { (self.forms, self.node) = (forms, node) }

    private var shape: [Int] { node.type.shape }

    private func fresh(isFixed: Bool = false) -> [Int] { shape.map { forms.leaf($0, isFixed: isFixed) } }

    /// The result's axes, from those of its operands; an operand without any is the same everywhere.
    func result(_ given: [[Int]?], _ shapes: [[Int]], isParameter: Bool) -> [Int] {
        if node.primitive is any ElementwisePrimitive { return same(given.compactMap { $0 }) }
        let operands = zip(given, shapes).map { axes, shape in axes ?? shape.map { forms.leaf($0) } }
        switch node.primitive {
        case is Input: return fresh(isFixed: !isParameter)
        case is Accumulation, is StopGradient, is Deferred, is Softmax, is IndexConversion:
            return same(operands)
        case is Broadcast: return zip(operands[0], shape).map { forms.size($0) == $1 ? $0 : forms.leaf($1) }
        case let permute as Permute: return permute.axes.map { operands[0][$0] }
        case is Reshape: return reshaped(operands[0])
        case let slice as Slice: return sliced(operands[0], slice)
        case let pad as Pad: return padded(operands[0], pad)
        case let concatenate as Concatenate:
            return shape.indices.map { axis in
                guard axis != concatenate.axis else { return forms.sum(operands.map { $0[axis] }) }
                for operand in operands.dropFirst() { forms.unify(operands[0][axis], operand[axis]) }
                return operands[0][axis]
            }
        case let reduction as Reduction:
            return operands[0].enumerated().map { reduction.axes.contains($0) ? forms.leaf(1) : $1 }
        case let product as MatrixProduct: return multiplied(operands, product)
        case let convolution as Convolution where convolution.result == .output:
            return convolved(operands, convolution.geometry.groups)
        case is PoolArgmax, is PoolIndexed, is PoolSum: return pooled(operands)
        case let rows as IndexedRows where !rows.scatters:
            forms.fix(operands[0][0])
            for axis in operands[1] { forms.fix(axis) }
            return [forms.leaf(shape[0], isFixed: true), operands[0][1]]
        default:
            // Nothing is known of it: all keep their order.
            for axis in operands.joined() { forms.fix(axis) }
            return fresh(isFixed: true)
        }
    }

    private func same(_ operands: [[Int]]) -> [Int] {
        for operand in operands.dropFirst() { for (a, b) in zip(operands[0], operand) { forms.unify(a, b) } }
        return operands[0]
    }

    /// Axes of equal products make each other up.
    private func reshaped(_ operand: [Int]) -> [Int] {
        let result = fresh()
        var i = 0, j = 0
        while i < operand.count || j < result.count {
            var left: [Int] = [], right: [Int] = [], p = 1, q = 1
            repeat {
                if p <= q, i < operand.count {
                    left.append(operand[i])
                    p *= forms.size(operand[i])
                    i += 1
                } else if j < result.count {
                    right.append(result[j])
                    q *= forms.size(result[j])
                    j += 1
                } else {
                    left.append(operand[i])
                    p *= forms.size(operand[i])
                    i += 1
                }
            } while (p != q || right.isEmpty || left.isEmpty) && (i < operand.count || j < result.count)
            forms.unify(forms.product(left), forms.product(right))
        }
        return result
    }

    private func sliced(_ operand: [Int], _ slice: Slice) -> [Int] {
        shape.indices.map { axis in
            let whole = forms.size(operand[axis]), start = slice.starts[axis], count = shape[axis]
            guard count < whole else { return operand[axis] }
            guard slice.steps[axis] == 1 || count == 1 else {
                forms.fix(operand[axis])
                return forms.leaf(count, isFixed: true)
            }
            let parts = [start, count, whole - start - count].map { forms.leaf($0) }
            forms.unify(operand[axis], forms.sum(parts))
            return parts[1]
        }
    }

    private func padded(_ operand: [Int], _ pad: Pad) -> [Int] {
        shape.indices.map { axis in
            let count = forms.size(operand[axis]), start = pad.starts[axis]
            guard count < shape[axis] else { return operand[axis] }
            guard pad.steps[axis] == 1 || count == 1 else {
                forms.fix(operand[axis])
                return forms.leaf(shape[axis], isFixed: true)
            }
            return forms.sum([forms.leaf(start), operand[axis], forms.leaf(shape[axis] - start - count)])
        }
    }

    private func multiplied(_ operands: [[Int]], _ product: MatrixProduct) -> [Int] {
        let (a, b) = (operands[0], operands[1]), rank = a.count
        for axis in 0..<rank - 2 { forms.unify(a[axis], b[axis]) }
        let (m, k) = product.transposesA ? (a[rank - 1], a[rank - 2]) : (a[rank - 2], a[rank - 1])
        let (l, n) = product.transposesB ? (b[rank - 1], b[rank - 2]) : (b[rank - 2], b[rank - 1])
        forms.unify(k, l)
        return a.dropLast(2) + [m, n]
    }

    /// x is [n, h, w, channels], the weight [kh, kw, channels of a group, filters].
    private func convolved(_ operands: [[Int]], _ groups: Int) -> [Int] {
        let (x, w) = (operands[0], operands[1])
        for axis in [x[1], x[2], w[0], w[1]] { forms.fix(axis) }
        if groups == 1 {
            forms.unify(x[3], w[2])
        } else {
            let group = forms.leaf(groups), filters = forms.leaf(forms.size(w[3]) / groups)
            forms.unify(x[3], forms.product([group, w[2]]))
            forms.unify(w[3], forms.product([group, filters]))
        }
        return [x[0], forms.leaf(shape[1], isFixed: true), forms.leaf(shape[2], isFixed: true), w[3]]
    }

    /// All are [n, h, w, channels].
    private func pooled(_ operands: [[Int]]) -> [Int] {
        for operand in operands {
            for axis in operand[1...2] { forms.fix(axis) }
            forms.unify(operands[0][0], operand[0])
            forms.unify(operands[0][3], operand[3])
        }
        return [
            operands[0][0], forms.leaf(shape[1], isFixed: true), forms.leaf(shape[2], isFixed: true), operands[0][3],
        ]
    }
}
