// Derivatives as compositions of the two transformations ("you only linearise once", Radul et al. 2022, arXiv 2204.10923).

extension Graph {
    /// Products of cotangents with Jacobians: Σᵢ cᵢᵀ Jᵢ, with Jᵢ the Jacobian of output i at `parameters`. It is
    /// transpose ∘ linearise ("You Only Linearize Once", Radul et al. 2022, arXiv 2204.10923).
    ///
    /// *Shapes:* each cotangent has its output's shape, each result its parameter's. A parameter that no output depends
    /// on gets zeros.
    public func pullback(_ outputs: [Value], _ cotangents: [Value], at parameters: [Value]) -> [Value] {
        let seeds = parameters.map { (value: $0, tangent: input("tangent", $0.type, .tangent)) }
        let linear = linearize(outputs, along: seeds)
        let used = outputs.indices.filter { linear[$0] != nil }
        let result = transpose(
            used.map { linear[$0]! }, from: seeds.map(\.tangent), cotangents: used.map { cotangents[$0] })
        return zip(parameters, result).map { $1 ?? constant(0, shape: $0.shape) }
    }

    /// The gradient of a scalar, one value for each parameter, in its shape.
    ///
    /// - Precondition: `output` has one element.
    public func gradient(of output: Value, at parameters: [Value]) -> [Value] {
        precondition(output.type.count == 1, "the gradient of a value of shape \(output.shape)")
        return pullback([output], [constant(1, shape: output.shape)], at: parameters)
    }

    /// The Hessian–vector product H v of a scalar, as linearise(gradient).
    ///
    /// *Shapes:* `v` and the result have one value for each parameter, in its shape.
    ///
    /// - Precondition: `output` has one element.
    public func hessianVectorProduct(of output: Value, at parameters: [Value], along v: [Value]) -> [Value] {
        let gradient = gradient(of: output, at: parameters)
        let seeds = zip(parameters, v).map { (value: $0, tangent: $1) }
        return zip(parameters, linearize(gradient, along: seeds)).map { $1 ?? constant(0, shape: $0.shape) }
    }

    /// The Gauss–Newton product Jᵀ H_ℓ J v, as transpose(linearise f) ∘ H_ℓ ∘ linearise f. J is the Jacobian of `model`
    /// at the parameters and H_ℓ the Hessian of `loss` by the model's outputs.
    ///
    /// *Shapes:* `v` and the result have one value for each parameter, in its shape.
    ///
    /// - Parameter model: one value, or several that none of the others is computed from.
    /// - Precondition: `loss` has one element and depends on the parameters through `model` alone.
    public func gaussNewtonVectorProduct(
        of loss: Value, through model: Value..., at parameters: [Value], along v: [Value]
    ) -> [Value] {
        gaussNewtonVectorProduct(of: loss, through: model, at: parameters, along: v)
    }

    /// The same through a list of values.
    public func gaussNewtonVectorProduct(
        of loss: Value, through model: [Value], at parameters: [Value], along v: [Value]
    ) -> [Value] {
        let jv = linearize(model, along: zip(parameters, v).map { (value: $0, tangent: $1) })
        let moved = zip(model, jv).compactMap { value, tangent in tangent.map { (value: value, tangent: $0) } }
        let slopes = gradient(of: loss, at: moved.map(\.value))
        let hjv = linearize(slopes, along: moved)
        let used = moved.indices.filter { hjv[$0] != nil }
        return pullback(used.map { moved[$0].value }, used.map { hjv[$0]! }, at: parameters)
    }

    /// The product Σᵢ gᵢ gᵢᵀ v, with gᵢ the gradient of the loss of example i.
    ///
    /// It is computed as Σᵢ Jᵢᵀ rᵢ rᵢᵀ Jᵢ v, with Jᵢ the Jacobian of row i of `model` and rᵢ = ∂ℓᵢ/∂fᵢ: the
    /// Gauss–Newton product with rᵢ rᵢᵀ in place of each example's H_ℓ. So no example's gradient is ever formed.
    ///
    /// *Shapes:* `model` is [examples, outputs], or [examples · elements, outputs]; `v` and the result have one value for each
    /// parameter, in its shape.
    ///
    /// - Parameters:
    ///   - loss: the sum of the examples' losses; it depends on the parameters through `model` alone.
    ///   - examples: nil for one a row.
    /// - Precondition: `model` has two dimensions, `loss` one element.
    public func empiricalFisherVectorProduct(
        of loss: Value, through model: Value, examples: Int? = nil, at parameters: [Value], along v: [Value]
    ) -> [Value] {
        precondition(model.shape.count == 2, "outputs of shape \(model.shape), expected [examples, outputs]")
        let seeds = zip(parameters, v).map { (value: $0, tangent: $1) }
        guard let jv = linearize([model], along: seeds)[0] else {
            return parameters.map { constant(0, shape: $0.shape) }
        }
        let residual = gradient(of: loss, at: [model])[0]
        let n = examples ?? model.shape[0], rows = model.shape[0] / n
        var along = (residual * jv).sum([1])
        if rows > 1 {
            along = along.reshaped([n, rows]).sum([1]).broadcast([n, rows]).reshaped([n * rows, 1])
        }
        return pullback([model], [residual * along], at: parameters)
    }

    /// Whether a value depends on one of the parameters by a way that does not lead through another value.
    public func depends(_ value: Value, on parameters: [Value], besides others: [Value]) -> Bool {
        let wanted = Set(parameters.map(\.id))
        var seen = Set(others.map(\.id)), pending = [value.id]
        while let id = pending.popLast() {
            guard seen.insert(id).inserted else { continue }
            if wanted.contains(id) { return true }
            pending += nodes[id].operands
        }
        return false
    }
}
