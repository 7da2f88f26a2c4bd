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

    init(_ graph: Graph, outputs: [Value]) {
        let needed = graph.ancestors(of: outputs.map(\.id))
        let sums = ConvolutionSums(graph, needed, outputs: outputs.map(\.id))
        for id in graph.nodes.indices where needed[id] && !sums.terms.contains(id) {
            let node = graph.nodes[id]
            if let (primitive, operands) = sums.sums[id] {
                addConvolution(primitive, operands, node, id)
                continue
            }
            var operands = node.operands.map { views[$0]! }
            switch node.primitive {
            case is Input: add(.input, [], node, id)
            case let primitive as Constant: add(.constant(primitive.number), [], node, id)
            case let primitive as any ElementwisePrimitive: add(.elementwise(primitive), operands, node, id)
            case let primitive as Reduction: add(.reduction(primitive), operands, node, id)
            case let primitive as MatrixProduct where primitive.transposesB && items[operands[1].base].isCommon:
                // Weights are turned once for all batches.
                let last = operands[1].shape.count - 1
                operands[1].shape.swapAt(last, last - 1)
                operands[1].strides.swapAt(last, last - 1)
                add(
                    .kernel(MatrixProduct(transposesA: primitive.transposesA, transposesB: false)),
                    operands.map { dense($0) }, node, id)
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
