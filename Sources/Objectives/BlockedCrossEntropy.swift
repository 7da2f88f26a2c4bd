import Autodiff
import Networks
import Tensors

/// The cross-entropy of many rows of many classes, such as the tokens of a text over a large vocabulary, with the logits of some rows at a
/// time. Logits, their softmax and its derivatives exist for one block only; products with the Hessian and the Gauss–Newton matrix compute
/// them anew, which costs one product more.
struct BlockedCrossEntropy {
    private let head: ProductHead
    private let loss: Loss
    private let layout: LossLayout
    private let blocks: [Block]

    private struct Block {
        let range: Range<Int>
        let target: Value, weights: Value?

        /// Labels as of a stage in which what is made of them is made anew, and not kept from an earlier one.
        func labels(_ stage: Stage) -> Value { target.deferred(to: stage) }
    }

    /// Numbers of a block's logits.
    private static let mostElements = 1 << 21
    /// Rows of a block, where that is more: each block reads the head's weights, and adds to their derivative, which takes as long as the
    /// products of so many rows.
    private static let leastRows = 128

    /// `nil` where logits are few, or are not given row by row by a product.
    init?(
        _ output: Value, _ loss: Loss, _ layout: LossLayout, in graph: Graph, mostElements: Int = mostElements,
        leastRows: Int = leastRows
    ) {
        let size = max(leastRows, mostElements / layout.classes)
        guard loss.takesClasses, layout.target == .classes, layout.classAxis == layout.outputShape.count - 1,
            output.type.count > 2 * size * layout.classes,
            let head = ProductHead(of: output, columns: layout.classes),
            Set([head.rows] + head.others).count == 1 + head.others.count
        else { return nil }
        (self.head, self.loss, self.layout) = (head, loss, layout)
        let rows = head.rows.shape[0]
        blocks = stride(from: 0, to: rows, by: size).map { first in
            let range = first..<min(first + size, rows)
            return Block(
                range: range, target: graph.input("target", TensorType([range.count], .index), .data),
                weights: layout.isWeighted ? graph.input("weights", TensorType([range.count]), .data) : nil)
        }
    }

    /// Where blocks read their targets and weights from.
    func bind(_ executable: Executable, _ instance: Executable.Instance, _ data: BatchProgram.Data) {
        for block in blocks {
            let first = block.range.lowerBound
            executable.bind(block.target, to: data.targets + 4 * first, in: instance)
            guard let weights = block.weights else { continue }
            executable.bind(weights, to: data.weights + executable.precision.size * first, in: instance)
        }
    }

    /// Sums of the losses, and of the right answers, of each block, [blocks].
    func values() -> (losses: Value, correct: Value) {
        var losses: [Value] = [], correct: [Value] = []
        for block in blocks {
            let found = contributions(block, head.rows, head.others)
            losses.append(found.losses.sum().reshaped([1]))
            correct.append(found.correct!.sum().reshaped([1]))
        }
        return (Value.concatenate(losses, axis: 0), Value.concatenate(correct, axis: 0))
    }

    /// Losses and right answers of each block, and the gradient of the losses' sum.
    func gradient(at parameters: [Value]) -> (losses: Value, correct: Value, gradient: [Value]) {
        let (losses, correct, cotangents) = differentiated(head.rows, head.others)
        return (losses, correct, head.rows.graph.pullback(cut, cotangents, at: parameters))
    }

    /// The Hessian of the losses' sum times v.
    func hessianVectorProduct(at parameters: [Value], along v: [Value]) -> [Value] {
        let graph = head.rows.graph, seeds = zip(parameters, v).map { (value: $0, tangent: $1) }
        let cotangents = differentiated(head.rows, head.others).cotangents.map { $0.stoppingGradient() }
        let gradient = graph.pullback(cut, cotangents, at: parameters)
        // What the head is applied to moves along v; how its gradient changes by that is computed block by block.
        let moves = tangents(along: seeds)
        let rows = head.rows.deferred(to: .tangent), others = head.others.map { $0.deferred(to: .tangent) }
        let changes = collected(others) { block in
            let place = [rows.slice(0, from: block.range.lowerBound, count: block.range.count)] + others
            let loss = contributions(block, place[0], others, .tangent).losses.sum()
            let gradient = graph.gradient(of: loss, at: place)
            return zip(place, graph.linearize(gradient, along: along(place, moves, block))).map {
                $1 ?? graph.constant(0, shape: $0.shape)
            }
        }
        let all = seeds + zip(cotangents, changes).map { (value: $0, tangent: $1) }
        return zip(parameters, graph.linearize(gradient, along: all)).map {
            $1 ?? graph.constant(0, shape: $0.shape)
        }
    }

    /// The Gauss–Newton matrix of the losses' sum times v, or the Fisher matrix.
    ///
    /// - Precondition: the loss has a distribution of labels for `isFisher`.
    func gaussNewtonVectorProduct(at parameters: [Value], along v: [Value], isFisher: Bool = false) -> [Value] {
        let graph = head.rows.graph
        let moves = tangents(along: zip(parameters, v).map { (value: $0, tangent: $1) })
        let rows = head.rows.deferred(to: .tangent), others = head.others.map { $0.deferred(to: .tangent) }
        let changes = collected(others) { block in
            let place = [rows.slice(0, from: block.range.lowerBound, count: block.range.count)] + others
            let logits = head.result(of: place[0], others)
            let found = loss.rowwise(
                logits, target: block.labels(.tangent), weights: block.weights, layout, followsOutput: true)
            let zeros = place.map { graph.constant(0, shape: $0.shape) }
            guard let change = graph.linearize([found.through], along: along(place, moves, block))[0],
                let product = graph.linearize(
                    graph.gradient(
                        of: (isFisher ? found.information!() : found.curvature ?? found.losses).sum(),
                        at: [found.through]),
                    along: [(found.through, change)])[0]
            else { return zeros }
            return graph.pullback([found.through], [product], at: place)
        }
        return graph.pullback(cut, changes, at: parameters)
    }

    /// What all that is computed of the logits depends on the parameters through.
    private var cut: [Value] { [head.rows] + head.others }

    private func contributions(
        _ block: Block, _ rows: Value, _ others: [Value], _ stage: Stage = .parameters
    ) -> Loss.Contributions {
        let isPart = rows.shape[0] != block.range.count
        let some = isPart ? rows.slice(0, from: block.range.lowerBound, count: block.range.count) : rows
        return loss.rowwise(
            head.result(of: some, others), target: block.labels(stage), weights: block.weights, layout,
            followsOutput: true)
    }

    /// Losses and right answers of each block, and derivatives of the losses' sum by what the head is applied to.
    private func differentiated(
        _ rows: Value, _ others: [Value]
    ) -> (losses: Value, correct: Value, cotangents: [Value]) {
        let graph = rows.graph
        var losses: [Value] = [], correct: [Value] = []
        let cotangents = collected(others) { block in
            let place = [rows.slice(0, from: block.range.lowerBound, count: block.range.count)] + others
            let found = contributions(block, place[0], others), loss = found.losses.sum()
            losses.append(loss.reshaped([1]))
            correct.append(found.correct!.sum().reshaped([1]))
            return graph.gradient(of: loss, at: place)
        }
        return (Value.concatenate(losses, axis: 0), Value.concatenate(correct, axis: 0), cotangents)
    }

    /// Derivatives by the head's rows, block after block, and the sums of those by all else, each block's added as soon as it is known.
    private func collected(_ others: [Value], _ derivatives: (Block) -> [Value]) -> [Value] {
        var rows: [Value] = [], sums: [Value] = []
        for block in blocks {
            let found = derivatives(block)
            rows.append(found[0])
            sums = sums.isEmpty ? Array(found.dropFirst()) : zip(sums, found.dropFirst()).map { $0.accumulating($1) }
        }
        return [Value.concatenate(rows, axis: 0)] + sums
    }

    /// How what the head is applied to moves; nil where it does not.
    private func tangents(along seeds: [(value: Value, tangent: Value)]) -> [Value?] {
        head.rows.graph.linearize(cut, along: seeds)
    }

    private func along(_ place: [Value], _ moves: [Value?], _ block: Block) -> [(value: Value, tangent: Value)] {
        zip(place, moves).enumerated().compactMap { index, pair in
            guard let move = pair.1 else { return nil }
            return (
                pair.0,
                index == 0 ? move.slice(0, from: block.range.lowerBound, count: block.range.count) : move
            )
        }
    }
}
