import Autodiff

extension Loss {
    /// What a batch contributes to the loss.
    public struct Contributions {
        /// For each example the sum of its elements' losses times their weights; the mean over its elements where none has a weight and the
        /// loss is not one of classes. [n]; [1] for a loss of the whole batch, times n.
        public let losses: Value
        /// The same for the Gauss–Newton matrix, whose H_ℓ is that of logits; `losses` itself where outputs are logits. Nil where it is not
        /// known along which axis outputs are log-probabilities.
        public let curvature: Value?
        /// The same for the Fisher matrix: its Hessian by `through` is E[rrᵀ], with r the derivative of an example's sum of losses times
        /// weights, and each element's target drawn from the model's own distribution of it. Nil where there is none.
        public let information: (() -> Value)?
        /// What is differentiated first for the Gauss–Newton matrix, [n, …] or [n · elements, …]: the outputs, or logits made of them.
        public let through: Value
        /// What the losses are computed of, [n, …] or [n · elements, …]: parameters reach them through it alone.
        public let base: Value
        /// How many elements of each example are classified right, [n]; nil where nothing is classified.
        public let correct: Value?
    }

    /// The loss of each example, [n], of the plain layout: a label for each example and one row of logits, or a number for each output.
    ///
    /// *Shapes:* `output` is [n, outputs]; `target` is class indices [n] or real numbers [n, outputs], as
    /// `takesClasses` says.
    public func values(_ output: Value, target: Value) -> Value {
        contributions(
            output, target: target, weights: nil, LossLayout(self, outputs: output.shape[1]), batch: output.shape[0]
        ).losses
    }

    /// What each example contributes to the loss, and how many of its elements are right.
    ///
    /// *Shapes:* `output` is [n, outputs]; `target` is indices [n · elements], or real numbers [n, outputs]; `weights` is real numbers
    /// [n, elements] where the layout is weighted.
    ///
    /// - Parameter batch: n.
    public func contributions(
        _ output: Value, target: Value?, weights: Value?, _ layout: LossLayout, batch: Int
    ) -> Contributions {
        guard let target else {
            // One number for the batch counts once for every example.
            // A view of its own, which reshaping does not look behind.
            let base = output.deferred(to: .data)
            var losses = base.reshaped([output.type.count]).scaled(Double(batch / output.type.count))
            if let weights {
                let weights = weights.reshaped([batch])
                losses = losses.masked(by: weights) * weights
            }
            return Contributions(
                losses: losses, curvature: losses, information: nil, through: base, base: base, correct: nil)
        }
        return takesClasses
            ? classified(output, target, weights, layout) : elementwise(output, target, weights, layout)
    }

    // MARK: classes

    private func classified(
        _ output: Value, _ target: Value, _ weights: Value?, _ layout: LossLayout
    ) -> Contributions {
        let (n, k, e) = (output.shape[0], layout.classes, layout.elements)
        func rows(_ value: Value) -> Value {
            let shape = layout.outputShape, axis = layout.classAxis + 1
            guard axis != shape.count else { return value.reshaped([n * e, k]) }
            let order = (0...shape.count).filter { $0 != axis } + [axis]
            return value.reshaped([n] + shape).permuted(order).reshaped([n * e, k])
        }
        let isDistribution = layout.target == .distributions
        let found = rowwise(
            rows(output), target: isDistribution ? rows(target) : target, weights: weights?.reshaped([n * e]), layout)
        func collected(_ rows: Value) -> Value { rows.reshaped([n, e]).sum([1]).reshaped([n]) }
        let losses = collected(found.losses)
        return Contributions(
            losses: losses, curvature: scale == .logits ? losses : found.curvature.map(collected),
            information: found.information.map { information in { collected(information()) } }, through: found.through,
            base: found.base, correct: found.correct.map(collected))
    }

    /// The same of rows of classes: losses, curvature and correctness of each, [r], times their weights.
    ///
    /// *Shapes:* `output` is [r, classes]; `target` is indices [r], or probabilities [r, classes]; `weights` is [r].
    ///
    /// - Parameter followsOutput: whether zeros and ones for labels are computed with the outputs, and take no memory before.
    package func rowwise(
        _ output: Value, target: Value, weights: Value?, _ layout: LossLayout, followsOutput: Bool = false
    ) -> Contributions {
        let (r, k) = (output.shape[0], output.shape[1])
        let z = scale == .probabilities ? output.log() : output
        let isDistribution = layout.target == .distributions
        var t = isDistribution ? target : followsOutput ? Self.picked(target, output) : target.oneHot(k)
        let smoothing = labelSmoothing
        if smoothing != 0 { t = t.scaled(1 - smoothing).offset(smoothing / Double(k)) }
        let sumsToOne = classWeights.isEmpty && !isDistribution
        if !classWeights.isEmpty { t = t * output.graph.literal(classWeights, shape: [1, k]) }
        // Of each row. Written so that one pass gives both terms: the weights sum to 1, or to what t does.
        func loss(_ isNormalized: Bool) -> Value {
            if isNormalized { return -(t * z).sum([1]) }
            let whole = sumsToOne ? z.logSumExp() : t.sum([1]) * z.logSumExp()
            return whole - (t * z).sum([1])
        }
        func weighted(_ rows: Value) -> Value {
            guard let weights else { return rows }
            let rows = rows.reshaped([r])
            return rows.masked(by: weights) * weights
        }
        let losses = weighted(loss(scale != .logits))
        var correct: Value?
        if !isDistribution {
            let right = output.correct(target)
            correct = weights.map { right.masked(by: $0) } ?? right
        }
        return Contributions(
            losses: losses, curvature: scale == .logits ? losses : weighted(loss(false)),
            // An element's derivative is p − (1 at the drawn class), of variance diag p − ppᵀ, times its weight.
            information: hasModelDistribution ? { weighted(weighted(z.logSumExp())) } : nil, through: z, base: z,
            correct: correct)
    }

    /// 1 at the label of each row and 0 elsewhere, in the shape of the rows, which it is made to wait for.
    private static func picked(_ target: Value, _ rows: Value) -> Value {
        let (r, k) = (rows.shape[0], rows.shape[1])
        // 0, whatever the row is.
        let nothing = rows.graph.constant(0, shape: [r, 1]).masked(
            by: rows.slice(1, from: 0, count: 1).stoppingGradient())
        let label = target.asReal().reshaped([r, 1]) + nothing
        return rows.graph.literal((0..<k).map(Double.init), shape: [1, k]).equal(to: label)
    }

    // MARK: numbers

    private func elementwise(
        _ output: Value, _ target: Value, _ weights: Value?, _ layout: LossLayout
    ) -> Contributions {
        let (n, k) = (output.shape[0], output.shape[1])
        func collected(_ elements: Value) -> Value {
            guard let weights else {
                let mean = elements.mean([1])
                if case .halfMeanSquaredError = kind { return mean.scaled(0.5).reshaped([n]) }
                return mean.reshaped([n])
            }
            let scaled = kind == .halfMeanSquaredError ? elements.scaled(0.5) : elements
            return (scaled.masked(by: weights) * weights).sum([1]).reshaped([n])
        }
        /// The log-partition function of each element, whose second derivative is the variance of its loss's first. An element counts by
        /// its weight, or as one of K, in the derivative, so by the square in the variance.
        func information(_ z: Value) -> (() -> Value)? {
            guard hasModelDistribution else { return nil }
            return {
                let elements =
                    switch kind {
                    case .binaryCrossEntropy: z.softplus()
                    case .poisson: z.exp()
                    default: z.squared()
                    }
                return weights.map { collected(elements * $0) } ?? collected(elements).scaled(1 / Double(k))
            }
        }
        if case .kullbackLeibler = kind {
            let losses = collected(elements(output, target))
            // Log-probabilities are their own logits.
            let normalizer = target.sum([1]) * output.logSumExp()
            let curvature = layout.isPlainRow ? losses + normalizer.reshaped([n]).scaled(1 / Double(k)) : nil
            // One class of K is drawn.
            let information = { output.logSumExp().reshaped([n]).scaled(1 / Double(k * k)) }
            return Contributions(
                losses: losses, curvature: curvature, information: layout.isPlainRow ? information : nil,
                through: output, base: output, correct: nil)
        }
        guard case .binaryCrossEntropy = kind, scale != .logits else {
            let losses = collected(elements(output, target))
            return Contributions(
                losses: losses, curvature: losses, information: information(output), through: output, base: output,
                correct: nil)
        }
        let p = scale == .probabilities ? output : output.exp()
        let lnP = scale == .probabilities ? p.log() : output, lnQ = (1 - p).log()
        // PyTorch's BCELoss takes logarithms for −100 at least.
        func floored(_ x: Value) -> Value { x.maximum(output.graph.constant(-100, shape: x.shape)) }
        let weighted = positive(target)
        let losses = collected(-(weighted * floored(lnP) + (1 - target) * floored(lnQ)))
        let z = lnP - lnQ
        return Contributions(
            losses: losses, curvature: collected(elements(z, target)), information: information(z), through: z,
            base: output, correct: nil)
    }

    /// t times the weight of positive targets.
    private func positive(_ target: Value) -> Value {
        positiveWeights.isEmpty
            ? target : target * target.graph.literal(positiveWeights, shape: [1, positiveWeights.count])
    }

    /// The loss of each element; half the squared error without its half.
    private func elements(_ output: Value, _ target: Value) -> Value {
        func constant(_ number: Double) -> Value { output.graph.constant(number, shape: output.shape) }
        switch kind {
        case .meanSquaredError, .halfMeanSquaredError: return (output - target).squared()
        case .binaryCrossEntropy:
            if positiveWeights.isEmpty { return output.softplus() - output * target }
            // (1 − t) z + (1 + (p − 1) t) ln(1 + e⁻ᶻ)
            return (1 - target) * output + (positive(target) + (1 - target)) * (-output).softplus()
        case .absoluteError: return (output - target).abs()
        case .huber(let delta):
            let r = output - target, near = r.minimum(constant(delta)).maximum(constant(-delta))
            return near * (r - near.scaled(0.5))
        case .smoothAbsoluteError(let beta):
            let r = output - target
            guard beta > 0 else { return r.abs() }
            let near = r.minimum(constant(beta)).maximum(constant(-beta))
            return (near * (r - near.scaled(0.5))).scaled(1 / beta)
        case .poisson: return output.exp() - target * output
        case .kullbackLeibler:
            // t ln t is 0 at 0, whose logarithm is not taken.
            let positive = target.maximum(constant(1e-37))
            return target * (positive.log() - output)
        case .crossEntropy, .output: preconditionFailure("\(name) is no loss of single numbers")
        }
    }
}
