import Datasets
import Networks
import Objectives
import Tensors

/// The networks that claims are about: small, in Float64, on the first of the embedded digits.
enum SmallNetworks {
    static func digits(_ count: Int) throws -> Dataset { try DataSpecification("digits").load(.train).prefix(count) }

    static func objective(
        _ specification: String, _ data: Dataset, loss: Loss = .crossEntropy(labelSmoothing: 0), batchSize: Int? = nil
    ) throws -> NetworkObjective {
        let network = try Network(
            canonical: specification, inputShape: data.exampleShape, outputs: data.outputWidth)
        return try NetworkObjective(
            network: network, data: data, loss: loss, precision: .double, batchSize: batchSize)
    }

    static func theta(_ objective: NetworkObjective) -> [Double] { objective.network.parameters.initialValues(seed: 1) }
}

extension GroundTruth {
    /// A smooth network's derivatives against its own values, and its loss against other batches.
    static func derivatives() throws -> [Claim] {
        let data = try SmallNetworks.digits(50)
        let smooth = try SmallNetworks.objective("mlp:64-12-10;activation=tanh", data)
        let theta = SmallNetworks.theta(smooth)
        let ragged = try SmallNetworks.objective("mlp:64-12-10;activation=tanh", data, batchSize: 16)
        return derivativeClaims(of: smooth, at: theta) + [
            Claim("loss", "a last batch of fewer examples counts by its size", within: 1e-13) {
                relativeDifference(try ragged.value(at: theta), try smooth.value(at: theta))
            },
            Claim("loss", "gradient of 50 examples = gradient of batches of 16, 16, 16, 2", within: 1e-13) {
                relativeDifference(
                    try ragged.valueAndGradient(at: theta).gradient, try smooth.valueAndGradient(at: theta).gradient)
            },
        ]
    }

    /// Claims that hold for any smooth objective whose derivatives are right.
    static func derivativeClaims<O: Objective>(of objective: O, at theta: [Double]) -> [Claim] {
        let random = RandomNumbers(seed: 2)
        let d = random.named("direction").normals(theta.count).map { 0.1 * $0 }
        let u = random.named("u").normals(theta.count)
        /// The rate at which the Taylor remainder shrinks when the step is halved, short of the ideal order.
        func shortfall(order: Double, _ remainder: (_ step: Double) throws -> Double) throws -> Double {
            let (large, small) = (abs(try remainder(0.01)), abs(try remainder(0.005)))
            return order - (large / small).binaryLogarithm
        }
        return [
            Claim("derivatives", "Taylor remainder after the gradient falls as h²: 2 − rate", within: 0.1) {
                let (value, gradient) = try objective.valueAndGradient(at: theta)
                return try shortfall(order: 2) { h in
                    try objective.value(at: Vectors.sum(theta, h, d)) - value - h * Vectors.dot(gradient, d)
                }
            },
            Claim("derivatives", "Taylor remainder after the Hessian falls as h³: 3 − rate", within: 0.1) {
                let (value, gradient) = try objective.valueAndGradient(at: theta)
                let curvature = Vectors.dot(d, try objective.hessianVectorProduct(at: theta, along: d))
                return try shortfall(order: 3) { h in
                    try objective.value(at: Vectors.sum(theta, h, d)) - value - h * Vectors.dot(gradient, d)
                        - 0.5 * h * h * curvature
                }
            },
            Claim("derivatives", "uᵀHv = vᵀHu", within: 1e-12) {
                let products = try objective.hessianVectorProducts(at: theta, along: [u, d])
                return relativeDifference(Vectors.dot(d, products[0]), Vectors.dot(u, products[1]))
            },
            Claim("derivatives", "vᵀGv ≥ 0 and uᵀGv = vᵀGu for the Gauss–Newton matrix", within: 1e-12) {
                let products = try objective.gaussNewtonVectorProducts(at: theta, along: [u, d])
                if Vectors.dot(u, products[0]) < 0 || Vectors.dot(d, products[1]) < 0 { return .infinity }
                return relativeDifference(Vectors.dot(d, products[0]), Vectors.dot(u, products[1]))
            },
        ]
    }

    /// Models that are linear in θ have closed forms.
    static func linearModels() throws -> [Claim] {
        let (n, inputs, outputs) = (40, 5, 3)
        let random = RandomNumbers(seed: 3)
        let x = random.named("x").normals(n * inputs)
        let rows: [[Double]] = (0..<n).map { Array(x[($0 * inputs)..<(($0 + 1) * inputs)]) + [1] }
        func data(_ targets: Dataset.Targets) -> Dataset {
            Dataset(name: "normal", inputs: .doubles(x), exampleShape: [inputs], targets: targets)
        }
        let real = data(.values(random.named("y").normals(n * outputs), width: outputs))
        let labels = (0..<n).map { Int32($0 % outputs) }
        let squares = try SmallNetworks.objective("linear", real, loss: .halfMeanSquaredError)
        let labelled = data(.classes(labels, count: outputs))
        let softmax = try SmallNetworks.objective("linear", labelled)
        let zeroOne = data(
            .values((0..<(n * outputs)).map { (i: Int) -> Double in Double(i * 7 % 5 % 2) }, width: outputs))
        let logistic = try SmallNetworks.objective("linear", zeroOne, loss: .binaryCrossEntropy)
        let theta = random.named("theta").normals(squares.dimension).map { 0.5 * $0 }
        let v = random.named("v").normals(squares.dimension)

        /// W and b of θ = (W row by row, b), as one row of W with its bias behind for each output.
        func weights(_ theta: [Double]) -> [[Double]] {
            (0..<outputs).map { (k: Int) -> [Double] in
                Array(theta[(k * inputs)..<((k + 1) * inputs)]) + [theta[outputs * inputs + k]]
            }
        }
        func flat(_ weights: [[Double]]) -> [Double] { weights.flatMap { $0.dropLast() } + weights.map { $0[inputs] } }
        /// (1/n) Σ Jᵢᵀ A(zᵢ) Jᵢ v, where A(z) maps the outputs' change.
        func product(_ curvature: (_ z: [Double], _ change: [Double]) -> [Double]) -> [Double] {
            var sum = [[Double]](repeating: [Double](repeating: 0, count: inputs + 1), count: outputs)
            for row in rows {
                let z = weights(theta).map { Vectors.dot($0, row) }, change = weights(v).map { Vectors.dot($0, row) }
                for (k, factor) in curvature(z, change).enumerated() {
                    Vectors.add(factor / Double(n), row, to: &sum[k])
                }
            }
            return flat(sum)
        }
        func probabilities(_ z: [Double]) -> [Double] {
            let e = z.map(exponential), total = e.reduce(0, +)
            return e.map { $0 / total }
        }
        return [
            Claim("closed forms", "least squares, ½ mean r² over K outputs: H = XᵀX/(nK) for each", within: 1e-13) {
                relativeDifference(
                    try squares.hessianVectorProduct(at: theta, along: v),
                    product { _, change in change.map { $0 / Double(outputs) } })
            },
            Claim("closed forms", "softmax regression: H = (1/n) Σ (diag p − ppᵀ) ⊗ xxᵀ", within: 1e-13) {
                relativeDifference(
                    try softmax.hessianVectorProduct(at: theta, along: v),
                    product { z, change in
                        let p = probabilities(z), mean = Vectors.dot(p, change)
                        return zip(p, change).map { $0 * ($1 - mean) }
                    })
            },
            Claim(
                "closed forms", "logistic regression, mean over K outputs: H = (1/nK) Σ σ(1 − σ) xxᵀ for each",
                within: 1e-13
            ) {
                relativeDifference(
                    try logistic.hessianVectorProduct(at: theta, along: v),
                    product { z, change in
                        zip(z, change).map { z, change in
                            let sigma = 1 / (1 + exponential(-z))
                            return sigma * (1 - sigma) * change / Double(outputs)
                        }
                    })
            },
            Claim("closed forms", "logistic regression, mean over K outputs: Fisher = H/K", within: 1e-13) {
                let product = try logistic.fisherVectorProducts(at: theta, along: [v])[0]
                return relativeDifference(
                    product, try logistic.hessianVectorProduct(at: theta, along: v).map { $0 / Double(outputs) })
            },
            Claim("closed forms", "Gauss–Newton matrix = Hessian for linear models", within: 1e-13) {
                var worst = 0.0
                for model in [squares, softmax, logistic] {
                    let product = try model.gaussNewtonVectorProduct(at: theta, along: v)
                    worst = max(
                        worst, relativeDifference(product, try model.hessianVectorProduct(at: theta, along: v)))
                }
                return worst
            },
            Claim("closed forms", "norms of the examples' gradients = ‖p − y‖ ‖x‖", within: 1e-13) {
                let exact = zip(rows, labels).map { row, label in
                    var residual = probabilities(weights(theta).map { Vectors.dot($0, row) })
                    residual[Int(label)] -= 1
                    return Vectors.norm(residual) * Vectors.norm(row)
                }
                return relativeDifference(try softmax.gradientNorms(at: theta), exact)
            },
            Claim("closed forms", "curvature of each class's examples, by their shares, adds up to H", within: 1e-13) {
                var sum = [Double](repeating: 0, count: theta.count)
                for label in Set(labels) {
                    let own = labels.indices.filter { labels[$0] == label }
                    let part = try SmallNetworks.objective("linear", labelled.subset(own))
                    Vectors.add(
                        Double(own.count) / Double(labels.count), try part.hessianVectorProduct(at: theta, along: v),
                        to: &sum)
                }
                return relativeDifference(try softmax.hessianVectorProduct(at: theta, along: v), sum)
            },
            Claim("closed forms", "empirical Fisher = (1/n) Σ gᵢgᵢᵀ, gᵢ = (p − y) ⊗ x", within: 1e-13) {
                var sum = [Double](repeating: 0, count: theta.count)
                for (row, label) in zip(rows, labels) {
                    var residual = probabilities(weights(theta).map { Vectors.dot($0, row) })
                    residual[Int(label)] -= 1
                    let gradient = flat(residual.map { factor in row.map { factor * $0 } })
                    Vectors.add(Vectors.dot(gradient, v) / Double(n), gradient, to: &sum)
                }
                return relativeDifference(
                    try softmax.empiricalFisherVectorProducts(at: theta, along: [v])[0], sum)
            },
        ]
    }
}
