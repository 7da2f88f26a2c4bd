/// A value that has memory of its own, and what fills it. Views and constants have become part of their readers.
struct Item {
    enum Work {
        case input
        case constant(Double)
        case elementwise(any ElementwisePrimitive)
        case reduction(Reduction)
        case kernel(any KernelPrimitive)
    }
    let work: Work
    var operands: [StridedView]
    let type: TensorType
    var stage: Stage
    /// The graph's node that this is the value of, or nil for a dense copy of a view, and for what is computed once more.
    var node: Int?
    /// Whether it is the same for every batch.
    var isCommon: Bool

    var isElementwise: Bool { if case .elementwise = work { true } else { false } }
    /// Whether another item's operand is this item's memory element by element.
    func isRead(directlyBy view: StridedView) -> Bool { view.offset == 0 && view.shape == type.shape && view.isDense }
}

/// The part of a graph that some outputs need, as items in an order in which operands come first.
struct Lowering {
    private(set) var items: [Item] = []
    /// For every node that is needed, how to read it.
    private(set) var views: [Int: StridedView] = [:]
    private var copies: [StridedView: Int] = [:]
    private var packings: [PackedKey: Int] = [:]

    init(_ graph: Graph, outputs: [Value]) {
        let needed = graph.ancestors(of: outputs.map(\.id))
        let sums = ConvolutionSums(graph, needed, outputs: outputs.map(\.id))
        let products = SumsOfProducts(graph, needed, outputs: outputs.map(\.id))
        for id in graph.nodes.indices where needed[id] && !sums.terms.contains(id) && !products.isMerged(id) {
            let node = graph.nodes[id]
            if let (primitive, operands) = sums.sums[id] {
                addConvolution(primitive, operands, node, id)
                continue
            }
            if let sum = products.sums[id] {
                addProducts(
                    sum.map { (graph.nodes[$0].primitive as! MatrixProduct, graph.nodes[$0].operands) }, node, id)
                continue
            }
            var operands = node.operands.map { views[$0]! }
            switch node.primitive {
            case is Input: add(.input, [], node, id)
            case let primitive as Constant: add(.constant(primitive.number), [], node, id)
            case let primitive as any ElementwisePrimitive: add(.elementwise(primitive), operands, node, id)
            case let primitive as Reduction: add(.reduction(primitive), operands, node, id)
            case let primitive as MatrixProduct: addProducts([(primitive, node.operands)], node, id)
            case let primitive as Convolution: addConvolution(primitive, node.operands, node, id)
            case let primitive as any KernelPrimitive: add(.kernel(primitive), operands.map { dense($0) }, node, id)
            case let primitive as any ViewPrimitive:
                if let view = primitive.view(operands[0], node.type) {
                    views[id] = view
                } else {
                    operands[0] = dense(operands[0])
                    views[id] = primitive.view(operands[0], node.type)
                }
            default: preconditionFailure("\(node.primitive.name) cannot be evaluated")
            }
        }
        for output in outputs { views[output.id] = dense(views[output.id]!) }
    }

    private mutating func addConvolution(_ primitive: Convolution, _ nodes: [Int], _ node: Graph.Node, _ id: Int) {
        let operands = nodes.enumerated().map { i, operand in
            // The kernel of input gradients reads the weights of a tap across: they are turned before, once for all batches where
            // they are the same for all.
            let turns = primitive.result == .input && i % 2 == 1
            return dense(turns ? primitive.geometry.transposedTaps(views[operand]!) : views[operand]!)
        }
        add(.kernel(primitive), operands, node, id)
    }

    /// A sum of products of graph values. A second factor that is the same for all batches, while the first is not, is packed once
    /// for them all.
    private mutating func addProducts(
        _ products: [(MatrixProduct, [Int])], _ node: Graph.Node, _ id: Int
    ) {
        var sum = ProductSum(products.map(\.0)), operands: [StridedView] = []
        for (number, (product, factors)) in products.enumerated() {
            let (a, b) = (views[factors[0]]!, views[factors[1]]!)
            let (layoutA, operandA) = factor(a)
            sum.terms[number].a = layoutA
            operands.append(operandA)
            if b.shape.count == 2, items[b.base].isCommon, !items[a.base].isCommon {
                let form = PackedMatrix(b.shape, transposes: product.transposesB)
                sum.terms[number].packed = form
                operands.append(packed(dense(b), form))
            } else {
                let (layoutB, operandB) = factor(b)
                sum.terms[number].b = layoutB
                operands.append(operandB)
            }
        }
        add(.kernel(sum), operands, node, id)
    }

    /// How a product reads a factor, and its operand: the item's memory as it is where that can be read, else a dense copy.
    private mutating func factor(_ view: StridedView) -> (ProductSum.Layout?, StridedView) {
        let base = items[view.base]
        if case .constant = base.work { return (nil, dense(view)) }
        if view.isDense, view.offset == 0, base.type.count == view.shape.reduce(1, *) { return (nil, view) }
        guard copies[view] == nil, let layout = ProductSum.Layout(view) else { return (nil, dense(view)) }
        return (layout, StridedView(dense: view.base, base.type.shape))
    }

    private mutating func packed(_ view: StridedView, _ form: PackedMatrix) -> StridedView {
        let key = PackedKey(base: view.base, form: form)
        let type = form.type(of: [])
        if let known = packings[key] { return StridedView(dense: known, type.shape) }
        items.append(
            Item(
                work: .kernel(form), operands: [view], type: type, stage: items[view.base].stage, node: nil,
                isCommon: true))
        packings[key] = items.count - 1
        return StridedView(dense: items.count - 1, type.shape)
    }

    private struct PackedKey: Hashable {
        let base: Int, form: PackedMatrix
    }

    private mutating func add(_ work: Item.Work, _ operands: [StridedView], _ node: Graph.Node, _ id: Int) {
        let isCommon: Bool
        if case .input = work {
            isCommon = node.stage > .data
        } else {
            isCommon = operands.allSatisfy { items[$0.base].isCommon }
        }
        items.append(
            Item(work: work, operands: operands, type: node.type, stage: node.stage, node: id, isCommon: isCommon))
        var view = StridedView(dense: items.count - 1, node.type.shape)
        if case .constant = work { view.strides = view.strides.map { _ in 0 } }
        views[id] = view
    }

    /// A view of memory that holds exactly its elements in order: itself, or a copy.
    private mutating func dense(_ view: StridedView) -> StridedView {
        let base = items[view.base]
        if view.isDense, view.offset == 0, base.type.count == view.shape.reduce(1, *) { return view }
        if let copy = copies[view] { return StridedView(dense: copy, view.shape) }
        let type = TensorType(view.shape, base.type.element)
        precondition(type.element == .real, "a strided view of indices")
        items.append(
            Item(
                work: .elementwise(Unary.copy), operands: [view], type: type, stage: base.stage, node: nil,
                isCommon: base.isCommon))
        copies[view] = items.count - 1
        return StridedView(dense: items.count - 1, view.shape)
    }
}

/// Sums all of whose terms are products of matrices that nothing else reads: each is evaluated as one.
private struct SumsOfProducts {
    /// For the node of a sum, those of its products.
    private(set) var sums: [Int: [Int]] = [:]
    private var merged: Set<Int> = []

    func isMerged(_ node: Int) -> Bool { merged.contains(node) }

    init(_ graph: Graph, _ needed: [Bool], outputs: [Int]) {
        var uses = [Int](repeating: 0, count: graph.nodes.count)
        var isCommon = [Bool](repeating: true, count: graph.nodes.count)
        for id in outputs { uses[id] += 1 }
        for id in graph.nodes.indices where needed[id] {
            let node = graph.nodes[id]
            for operand in node.operands { uses[operand] += 1 }
            isCommon[id] =
                node.primitive is Input ? node.stage > .data : node.operands.allSatisfy { isCommon[$0] }
        }
        for id in graph.nodes.indices where needed[id] {
            let node = graph.nodes[id]
            guard case .add? = node.primitive as? Binary else { continue }
            let terms = node.operands.map { operand -> [Int]? in
                let other = graph.nodes[operand]
                guard uses[operand] == 1, other.stage == node.stage, isCommon[operand] == isCommon[id] else {
                    return nil
                }
                return sums[operand] ?? (other.primitive is MatrixProduct ? [operand] : nil)
            }
            guard let first = terms[0], let second = terms[1] else { continue }
            sums[id] = first + second
            for operand in node.operands {
                merged.insert(operand)
                sums[operand] = nil
            }
        }
    }
}
