import Networks
import Objectives
import Tensors
import Testing

@testable import Training

@Suite struct AscentTests {
    /// The loss at θ + ε, as PyTorch has it; "elementwise adaptive, eta = 0" is on biases too.
    @Test(arguments: ["sam", "asam"]) func reference(_ which: String) throws {
        let r = try ReferenceNetwork()
        let batches = try r.gradients(batchSize: 500)
        var gradient = [Double](repeating: 0, count: r.theta.count)
        _ = try batches.evaluate(at: r.theta, examples: Array(0..<500), gradient: &gradient)
        let ascent = SharpnessAwareAscent(rho: 0.05, scaling: which == "sam" ? .none : .all(eta: 0))
        let epsilon = ascent.perturbation(at: r.theta, gradient: gradient, layout: r.network.parameters)
        let climbed = try batches.evaluate(
            at: Vectors.sum(r.theta, 1, epsilon), examples: Array(0..<500), gradient: &gradient)
        #expect(abs(climbed.loss - r.number(which + "_one_step_loss")) < 1e-9)
        #expect(batches.evaluations == 2)
    }

    /// A 1×2 weight and a bias: θ = (3, −4, 2), g = (1, 2, −2).
    let layout = ParameterLayout([
        TensorSpecification("w", [1, 2], .constant(0)), TensorSpecification("b", [1], .constant(0)),
    ])

    /// SAM: ‖g‖ = 3, so ε = ρg/3.
    @Test func plain() {
        let epsilon = SharpnessAwareAscent(rho: 0.3).perturbation(
            at: [3, -4, 2], gradient: [1, 2, -2], layout: layout)
        for (found, right) in zip(epsilon, [0.1, 0.2, -0.2]) { #expect(abs(found - right) < 1e-12) }
        #expect(
            SharpnessAwareAscent(rho: 0.3).perturbation(at: [3, -4, 2], gradient: [0, 0, 0], layout: layout) == [
                0, 0, 0,
            ])
    }

    /// ASAM, η = 1: T = (4, 5, 1), Tg = (4, 10, −2), ‖Tg‖ = √120, T²g = (16, 50, −2).
    @Test func adaptive() {
        let ascent = SharpnessAwareAscent(rho: 0.5, scaling: .weights(eta: 1))
        let epsilon = ascent.perturbation(at: [3, -4, 2], gradient: [1, 2, -2], layout: layout)
        let factor = 0.5 / 120.0.squareRoot()
        for (found, right) in zip(epsilon, [16 * factor, 50 * factor, -2 * factor]) {
            #expect(abs(found - right) < 1e-12)
        }
        // Its own norm: ‖T⁻¹ε‖ = ρ.
        #expect(abs(Vectors.norm([epsilon[0] / 4, epsilon[1] / 5, epsilon[2]]) - 0.5) < 1e-12)
    }

    /// On the bias alone: ε is ρ there, by the bias's own norm, and 0 elsewhere.
    @Test func someTensorsAlone() {
        let ascent = SharpnessAwareAscent(rho: 0.3, perturbed: ["b"])
        let epsilon = ascent.perturbation(at: [3, -4, 2], gradient: [1, 2, -2], layout: layout)
        for (found, right) in zip(epsilon, [0, 0, -0.3]) { #expect(abs(found - right) < 1e-12) }
    }

    /// One step of SAM on normalisation layers alone, from gradients of the network's own objective: the parameters are told here by
    /// their names, and ε has the norm ρ over them.
    @Test(arguments: [
        ("mlp:64-16-10;norm=batch", ["bn1.weight", "bn1.bias"]),
        ("mlp:64-16-10;norm=layer", ["ln1.weight", "ln1.bias"]),
        ("resnet8;norm=group", ["bn1.weight", "bn1.bias"]), ("vit:patch=4,dim=8,depth=1,heads=2", ["norm.weight"]),
    ])
    func normalizationAlone(_ model: String, _ names: [String]) throws {
        var configuration = digits(model, .sam)
        (configuration.precision, configuration.perturbs, configuration.rho) = (.double, .norm, 0.4)
        (configuration.momentum, configuration.weightDecay, configuration.examples) = (0, 0, 30)
        let trainer = try Trainer(configuration), layout = trainer.network.parameters, theta = trainer.state.theta
        func gradient(_ theta: [Double]) throws -> [Double] { try batchGradient(of: trainer, at: theta) }
        // One dimension and a number for its scale of 1 at the start, or beside such a tensor.
        let scopes = Set(
            layout.tensors.indices.filter { index in
                layout.tensors[index].shape.count == 1 && layout.range(index).allSatisfy { theta[$0] == 1 }
            }.map { layout.tensors[$0].name.dropLast("weight".count) })
        let normal = Set(scopes.flatMap { [$0 + "weight", $0 + "bias"] }.map { String($0) })
        #expect(normal.isSuperset(of: names) && trainer.network.normalizationParameters == normal)
        let g = try gradient(theta)
        var part = g
        for (index, tensor) in layout.tensors.enumerated() where !normal.contains(tensor.name) {
            for i in layout.range(index) { part[i] = 0 }
        }
        let length = part.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(length > 0 && length < 0.99 * Vectors.norm(g))
        let there = try gradient(theta.indices.map { theta[$0] + 0.4 * part[$0] / length })
        try trainer.step(Array(0..<30), 0.1)
        for (found, right) in zip(trainer.state.theta, Vectors.sum(theta, -0.1, there)) {
            #expect(abs(found - right) < 1e-12)
        }
    }

    /// With decay 1 the climbed gradient is g + θ = (4, −2, 0).
    @Test func decay() {
        let ascent = SharpnessAwareAscent(rho: 1, weightDecay: 1)
        let epsilon = ascent.perturbation(at: [3, -4, 2], gradient: [1, 2, -2], layout: layout)
        for (found, right) in zip(epsilon, [4 / 20.0.squareRoot(), -2 / 20.0.squareRoot(), 0]) {
            #expect(abs(found - right) < 1e-12)
        }
    }
}
