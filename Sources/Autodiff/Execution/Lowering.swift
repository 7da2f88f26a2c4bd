/// A value with memory of its own, and the work that fills it. Views and constants have become part of their readers.
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
    /// The graph's node whose value this is; `nil` for a dense copy of a view, and for values computed again.
    var node: Int?
    /// Whether it has one value for all batches.
    var isCommon: Bool

    var isElementwise: Bool { if case .elementwise = work { true } else { false } }
    /// Whether a view reads this item's memory element by element.
    func isRead(directlyBy view: StridedView) -> Bool { view.offset == 0 && view.shape == type.shape && view.isDense }
}

/// The part of a graph that some outputs need, as items in an order in which operands come first.
struct Lowering {
    private(set) var items: [Item] = []
    /// The view of an item's memory that holds each needed node's value.
    private(set) var views: [Int: StridedView] = [:]
    private var copies: [StridedView: Int] = [:]
    private var preparations: [PreparedKey: Int] = [:]

    init(_ graph: Graph, outputs: [Value]) {
        let needed = graph.ancestors(of: outputs.map(\.id))
        let products = ProductGroups(graph, needed, outputs: outputs.map(\.id))
        for id in graph.nodes.indices where needed[id] && !products.merged.contains(id) {
            let node = graph.nodes[id]
            if let group = products.groups[id] {
                let terms = group.terms.map { graph.nodes[$0] }
                let ends = group.ends.map { dense(views[$0]!) }
                let order =
                    group.epilogue.isNone ? products.reader[id].flatMap { graph.nodes[$0].primitive as? Permute } : nil
                if let convolution = terms[0].primitive as? Convolution {
                    addConvolution(convolution, terms.flatMap(\.operands), group.epilogue, ends, node, id)
                } else if let rows = group.rows {
                    let operand = rows.operand.map { dense(views[$0]!) }
                    let second = group.second.map { graph.nodes[$0] }
                    let type = second.map { graph.nodes[$0.operands[0]].type } ?? node.type
                    addAttention(terms, rows.function, operand, type, second, order, node, id)
                } else {
                    addProducts(terms, group, ends, order, node, id)
                }
                continue
            }
            var operands = node.operands.map { views[$0]! }
            switch node.primitive {
            case is Input: add(.input, [], node, id)
            case let primitive as Constant: add(.constant(primitive.number), [], node, id)
            case let primitive as any ElementwisePrimitive: add(.elementwise(primitive), operands, node, id)
            case let primitive as Reduction: add(.reduction(primitive), operands, node, id)
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

    /// A convolution, or a sum of two. Transformed or transposed weights are computed beforehand, once for all batches
    /// where the weights are the same for all.
    private mutating func addConvolution(
        _ primitive: Convolution, _ nodes: [Int], _ epilogue: Epilogue, _ ends: [StridedView], _ node: Graph.Node,
        _ id: Int
    ) {
        let seconds = nodes.indices.filter { $0 % 2 == 1 }.map { views[nodes[$0]]! }
        if var winograd = WinogradConvolution(primitive),
            winograd.weights == nil || seconds.allSatisfy({ items[$0.base].isCommon })
        {
            let operands = nodes.enumerated().map { i, operand in
                let operand = dense(views[operand]!)
                return i % 2 == 0 ? operand : winograd.weights.map { prepared(operand, $0) } ?? operand
            }
            winograd.epilogue = epilogue
            add(.kernel(winograd), operands + ends, node, id)
            return
        }
        let operands = nodes.enumerated().map { i, operand in
            // The kernel of input gradients reads the weights of a tap across.
            let turns = primitive.result == .input && i % 2 == 1
            return dense(turns ? primitive.geometry.transposedTaps(views[operand]!) : views[operand]!)
        }
        var primitive = primitive
        primitive.epilogue = epilogue
        add(.kernel(primitive), operands + ends, node, id)
    }

    /// A sum of matrix products. Where its only reader permutes its dimensions, the result is stored in that order.
    private mutating func addProducts(
        _ terms: [Graph.Node], _ group: ProductGroups.Group, _ ends: [StridedView], _ order: Permute?,
        _ node: Graph.Node, _ id: Int
    ) {
        var (sum, operands) = productSum(terms)
        (sum.epilogue, sum.accumulates) = (group.epilogue, group.accumulates)
        let place = order.flatMap { self.place(of: node.type, $0) }
        sum.result = place?.layout
        add(.kernel(sum), operands + ends, node, id, place)
    }

    /// A function of the rows of a sum of products, and the product with the result where there is one.
    ///
    /// - Parameter rows: type of the rows.
    private mutating func addAttention(
        _ terms: [Graph.Node], _ function: FusedAttention.Function, _ operand: StridedView?, _ rows: TensorType,
        _ second: Graph.Node?, _ order: Permute?, _ node: Graph.Node, _ id: Int
    ) {
        var (scores, operands) = productSum(terms)
        if let operand { operands.append(operand) }
        var factor: ProductSum?
        if let second, let product = second.primitive as? MatrixProduct {
            let isCommon = operands.allSatisfy { items[$0.base].isCommon }
            var sum = ProductSum([product])
            operands.append(secondFactor(views[second.operands[1]]!, of: &sum.terms[0], firstIsCommon: isCommon))
            factor = sum
        }
        // Rows of another shape than the products' are stored as the products give them.
        let isOrdered = factor != nil || terms[0].type == node.type
        let place = isOrdered ? order.flatMap { self.place(of: node.type, $0) } : nil
        if factor == nil { scores.result = place?.layout } else { factor?.result = place?.layout }
        let primitive = FusedAttention(scores: scores, function: function, rows: rows, second: factor)
        add(.kernel(primitive), operands, node, id, place)
    }

    private mutating func productSum(_ terms: [Graph.Node]) -> (ProductSum, [StridedView]) {
        let products = terms.compactMap { $0.primitive as? MatrixProduct }
        var sum = ProductSum(products), operands: [StridedView] = []
        for (number, term) in terms.enumerated() {
            let a = views[term.operands[0]]!
            let (layout, operand) = factor(a)
            sum.terms[number].a = layout
            operands.append(operand)
            operands.append(
                secondFactor(
                    views[term.operands[1]]!, of: &sum.terms[number], firstIsCommon: items[a.base].isCommon))
        }
        return (sum, operands)
    }

    /// Elements of a matrix that is packed once for all batches: 4 MB of Float32.
    private static let mostPacked = 1 << 20

    /// The operand that a term's B is read from. A matrix that is the same for all batches, while the first factor is
    /// not, is packed once for all of them, unless it is so large that a copy would count: such a one is packed in parts by each product,
    /// or read where it lies.
    private mutating func secondFactor(_ b: StridedView, of term: inout ProductSum.Term, firstIsCommon: Bool)
        -> StridedView
    {
        if b.shape.count == 2, items[b.base].isCommon, !firstIsCommon, b.shape[0] * b.shape[1] <= Self.mostPacked {
            let form = PackedMatrix(b.shape, transposes: term.transposesB)
            term.packed = form
            return prepared(dense(b), form)
        }
        let (layout, operand) = factor(b)
        term.b = layout
        return operand
    }

    /// The memory of a result that is stored in the order of its reader.
    private struct Place {
        let layout: ProductSum.Layout
        /// Its type in memory.
        let stored: TensorType
        let view: StridedView
    }

    /// `nil` where the result's columns would not lie side by side.
    private func place(of type: TensorType, _ order: Permute) -> Place? {
        let stored = order.type(of: [type])
        var view = StridedView(dense: items.count, type.shape)
        for (axis, stride) in zip(order.axes, StridedView.denseStrides(stored.shape)) { view.strides[axis] = stride }
        guard let layout = ProductSum.Layout(view), layout.column == 1 else { return nil }
        return Place(layout: layout, stored: stored, view: view)
    }

    /// How a product reads a factor, and from which operand: the item's memory in place where a product can read it,
    /// else a dense copy.
    private mutating func factor(_ view: StridedView) -> (ProductSum.Layout?, StridedView) {
        let base = items[view.base]
        if case .constant = base.work { return (nil, dense(view)) }
        if view.isDense, view.offset == 0, base.type.count == view.shape.reduce(1, *) { return (nil, view) }
        guard copies[view] == nil, let layout = ProductSum.Layout(view) else { return (nil, dense(view)) }
        return (layout, StridedView(dense: view.base, base.type.shape))
    }

    /// An operand in another form, made once for all readers.
    private mutating func prepared(_ view: StridedView, _ form: some KernelPrimitive) -> StridedView {
        let key = PreparedKey(base: view.base, form: AnyHashable(form))
        let type = form.type(of: [])
        if let known = preparations[key] { return StridedView(dense: known, type.shape) }
        items.append(
            Item(
                work: .kernel(form), operands: [view], type: type, stage: items[view.base].stage, node: nil,
                isCommon: true))
        preparations[key] = items.count - 1
        return StridedView(dense: items.count - 1, type.shape)
    }

    private struct PreparedKey: Hashable {
        let base: Int, form: AnyHashable
    }

    /// - Parameter place: where the value does not lie dense.
    private mutating func add(
        _ work: Item.Work, _ operands: [StridedView], _ node: Graph.Node, _ id: Int, _ place: Place? = nil
    ) {
        let isCommon: Bool
        if case .input = work {
            isCommon = node.stage > .data
        } else {
            isCommon = operands.allSatisfy { items[$0.base].isCommon }
        }
        items.append(
            Item(
                work: work, operands: operands, type: place?.stored ?? node.type, stage: node.stage, node: id,
                isCommon: isCommon))
        var view = place?.view ?? StridedView(dense: items.count - 1, node.type.shape)
        if case .constant = work { view.strides = view.strides.map { _ in 0 } }
        views[id] = view
    }

    /// A view of memory that holds exactly its elements in order: the given one, or one of a copy.
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
