// Derivatives as compositions of the two transformations ("you only linearise once", Radul et al. 2022, arXiv 2204.10923).

extension Graph {
    /// Σ cotangentᵢᵀ Jᵢ for outputs with Jacobians Jᵢ at `parameters`: transpose ∘ linearise. Zeros where nothing depends.
    public func pullback(_ outputs: [Value], _ cotangents: [Value], at parameters: [Value]) -> [Value] {
        let seeds = parameters.map { (value: $0, tangent: input("tangent", $0.type, .tangent)) }
        let linear = linearize(outputs, along: seeds)
        let used = outputs.indices.filter { linear[$0] != nil }
        let result = transpose(
            used.map { linear[$0]! }, from: seeds.map(\.tangent), cotangents: used.map { cotangents[$0] })
        return zip(parameters, result).map { $1 ?? constant(0, shape: $0.shape) }
    }

    /// The gradient of a scalar.
    public func gradient(of output: Value, at parameters: [Value]) -> [Value] {
        precondition(output.type.count == 1, "the gradient of a value of shape \(output.shape)")
        return pullback([output], [constant(1, shape: output.shape)], at: parameters)
    }

    /// H v of a scalar: linearise(gradient).
    public func hessianVectorProduct(of output: Value, at parameters: [Value], along v: [Value]) -> [Value] {
        let gradient = gradient(of: output, at: parameters)
        let seeds = zip(parameters, v).map { (value: $0, tangent: $1) }
        return zip(parameters, linearize(gradient, along: seeds)).map { $1 ?? constant(0, shape: $0.shape) }
    }

    /// Jᵀ H_ℓ J v, where J is the Jacobian of `model` at the parameters and H_ℓ the Hessian of the scalar `loss`, which
    /// depends on the parameters through `model` alone: transpose(linearise f) ∘ H_ℓ ∘ linearise f.
    public func gaussNewtonVectorProduct(of loss: Value, through model: Value, at parameters: [Value], along v: [Value])
        -> [Value]
    {
        let seeds = zip(parameters, v).map { (value: $0, tangent: $1) }
        guard let jv = linearize([model], along: seeds)[0] else {
            return parameters.map { constant(0, shape: $0.shape) }
        }
        let lossGradient = gradient(of: loss, at: [model])
        guard let hjv = linearize(lossGradient, along: [(model, jv)])[0] else {
            return parameters.map { constant(0, shape: $0.shape) }
        }
        return pullback([model], [hjv], at: parameters)
    }

    /// Σᵢ gᵢ gᵢᵀ v, gᵢ the gradient of example i's own loss: Σᵢ Jᵢᵀ rᵢ rᵢᵀ Jᵢ v, where Jᵢ is the Jacobian of row i of `model` [n, k]
    /// and rᵢ = ∂ℓᵢ/∂fᵢ. The Gauss–Newton product with rᵢrᵢᵀ in place of each example's H_ℓ, so no example's gradient is formed.
    ///
    /// - Parameter loss: the sum of the examples' losses; it depends on the parameters through `model` alone.
    public func empiricalFisherVectorProduct(
        of loss: Value, through model: Value, at parameters: [Value], along v: [Value]
    ) -> [Value] {
        precondition(model.shape.count == 2, "outputs of shape \(model.shape), expected [examples, outputs]")
        let seeds = zip(parameters, v).map { (value: $0, tangent: $1) }
        guard let jv = linearize([model], along: seeds)[0] else {
            return parameters.map { constant(0, shape: $0.shape) }
        }
        let residual = gradient(of: loss, at: [model])[0]
        return pullback([model], [residual * (residual * jv).sum([1])], at: parameters)
    }
}
