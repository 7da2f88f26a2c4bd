import Autodiff

extension Loss {
    /// What a batch contributes to the loss.
    public struct Contributions {
        /// For each example the sum of its elements' losses times their weights; the mean over its elements where none has a weight and the
        /// loss is not one of classes. [n]; [1] for a loss of the whole batch, times n.
        public let losses: Value
        /// The same for the Gauss–Newton matrix, whose H_ℓ is that of logits; `losses` itself where outputs are logits.
        public let curvature: Value
        /// What is differentiated first for the Gauss–Newton matrix, [n, …]: the outputs, or logits made of them.
        public let through: Value
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
            let losses = output.reshaped([output.type.count]).scaled(Double(batch / output.type.count))
            return Contributions(losses: losses, curvature: losses, through: output, correct: nil)
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
        let given = rows(output)
        let z = scale == .probabilities ? given.log() : given
        let isDistribution = layout.target == .distributions
        var t = isDistribution ? rows(target) : target.oneHot(k)
        let smoothing = labelSmoothing
        if smoothing != 0 { t = t.scaled(1 - smoothing).offset(smoothing / Double(k)) }
        let sumsToOne = classWeights.isEmpty && !isDistribution
        if !classWeights.isEmpty { t = t * output.graph.literal(classWeights, shape: [1, k]) }
        // Of each row. Written so that one pass gives both terms: the weights sum to 1, or to what t does.
        func loss(_ isNormalized: Bool) -> Value {
            let mean = (t * z).sum([1])
            if isNormalized { return -mean }
            return (sumsToOne ? z.logSumExp() : t.sum([1]) * z.logSumExp()) - mean
        }
        func collected(_ rows: Value) -> Value {
            guard let weights else { return rows.reshaped([n, e]).sum([1]).reshaped([n]) }
            let rows = rows.reshaped([n, e])
            return (rows.masked(by: weights) * weights).sum([1]).reshaped([n])
        }
        let losses = collected(loss(scale != .logits))
        var correct: Value?
        if !isDistribution {
            let right = given.correct(target).reshaped([n, e])
            correct = (weights.map { right.masked(by: $0) } ?? right).sum([1]).reshaped([n])
        }
        return Contributions(
            losses: losses, curvature: scale == .logits ? losses : collected(loss(false)),
            through: scale == .probabilities ? z : output, correct: correct)
    }

    // MARK: numbers

    private func elementwise(
        _ output: Value, _ target: Value, _ weights: Value?, _ layout: LossLayout
    ) -> Contributions {
        let n = output.shape[0]
        func collected(_ elements: Value) -> Value {
            guard let weights else {
                let mean = elements.mean([1])
                if case .halfMeanSquaredError = kind { return mean.scaled(0.5).reshaped([n]) }
                return mean.reshaped([n])
            }
            let scaled = kind == .halfMeanSquaredError ? elements.scaled(0.5) : elements
            return (scaled.masked(by: weights) * weights).sum([1]).reshaped([n])
        }
        guard case .binaryCrossEntropy = kind, scale != .logits else {
            let losses = collected(elements(output, target))
            return Contributions(losses: losses, curvature: losses, through: output, correct: nil)
        }
        let p = scale == .probabilities ? output : output.exp()
        let lnP = scale == .probabilities ? p.log() : output, lnQ = (1 - p).log()
        // PyTorch's BCELoss takes logarithms for −100 at least.
        func floored(_ x: Value) -> Value { x.maximum(output.graph.constant(-100, shape: x.shape)) }
        let weighted = positive(target)
        let losses = collected(-(weighted * floored(lnP) + (1 - target) * floored(lnQ)))
        let z = lnP - lnQ
        return Contributions(
            losses: losses, curvature: collected(elements(z, target)), through: z, correct: nil)
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
