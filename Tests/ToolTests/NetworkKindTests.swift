import Foundation
import Landscape
import TestSupport
import Testing

/// Networks of every kind of input, target and loss, imported by the commands of Tests/Fixtures/networks, against PyTorch's numbers in
/// Float64.
@Suite struct NetworkKindTests {
    static let folder = Fixtures.path("networks")
    static let names =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
            FileManager.default.fileExists(atPath: "\(folder)/\($0)/expected.json")
        }.sorted()

    /// What PyTorch found.
    private struct Expected: Decodable {
        let commands: [String]
        let loss: Double
        let gradient_norm: Double, gHg: Double, lambda_max: Double
        let gGg: Double?, accuracy: Double?
        let parameters: Int
        /// Where single precision of what a file holds is all there is.
        let tolerance: Double?
    }

    @Test func everyKindIsThere() {
        let kinds: Set = [
            "masked", "causal", "segmentation", "two-inputs-huber", "vae", "contrastive", "two-tasks", "conv3d", "pinn",
            "class-weights", "soft-targets", "lora",
        ]
        #expect(kinds.isSubset(of: Self.names))
    }

    @Test(arguments: names) func agreesWithPyTorch(_ name: String) throws {
        let source = "\(Self.folder)/\(name)", folder = try Folder()
        let expected = try JSONDecoder().decode(
            Expected.self, from: Data(contentsOf: URL(filePath: source + "/expected.json")))
        for file in try FileManager.default.contentsOfDirectory(atPath: source) {
            try FileManager.default.copyItem(
                atPath: "\(source)/\(file)", toPath: folder.url.appending(path: file).path)
        }
        var printed = ""
        for command in expected.commands {
            #expect(command.hasPrefix("landscape "))
            printed = try Tool.succeed(String(command.dropFirst("landscape ".count)), in: folder).output
        }
        let tolerance = expected.tolerance ?? 1e-9
        func check(_ found: Double, _ wanted: Double, _ what: String) {
            #expect(
                abs(found - wanted) <= tolerance * max(abs(wanted), 1e-3), "\(name) \(what): \(found), not \(wanted)")
        }
        check(try #require(Double(printed.trimmingCharacters(in: .whitespacesAndNewlines))), expected.loss, "loss")
        let model = try Model.open(folder.path("ckpt.bin"))
        #expect(model.theta.count == expected.parameters)
        var settings = ModelLoss.Settings()
        settings.precision = .double
        let loss = try ModelLoss(model, settings)
        let evaluation = try loss.evaluation()
        check(evaluation.loss, expected.loss, "loss")
        if let accuracy = expected.accuracy, model.loss.takesClasses {
            check(try #require(evaluation.accuracy), accuracy, "accuracy")
        }
        let (value, gradient) = try loss.valueAndGradient(at: model.theta)
        check(value, expected.loss, "loss beside the gradient")
        check(Vectors.norm(gradient), expected.gradient_norm, "gradient norm")
        let product = try loss.hessianVectorProduct(at: model.theta, along: gradient)
        check(Vectors.dot(gradient, product), expected.gHg, "gHg")
        if let gGg = expected.gGg {
            let product = try loss.gaussNewtonVectorProduct(at: model.theta, along: gradient)
            check(Vectors.dot(gradient, product), gGg, "gGg")
        }
        try checkFisher(loss, gradient, tolerance)
        let spectrum = try Lanczos(largest: 1, tolerance: 1e-10).run(CurvatureOperator(loss, at: model.theta))
        check(spectrum.largest[0].value, expected.lambda_max, "largest eigenvalue")
        // Batches of another size, in which counted elements are spread otherwise, give the same mean.
        if case .batch? = model.loss.outputLoss?.subject { return }
        settings.batchSize = 5
        check(try ModelLoss(model, settings).evaluation().loss, expected.loss, "loss in batches of 5")
    }

    /// Products with the empirical Fisher matrix against the gradients of the examples one by one, whose mean is the gradient.
    private func checkFisher(_ loss: ModelLoss, _ v: [Double], _ tolerance: Double) throws {
        switch loss.loss.outputLoss?.subject {
        case .mean, .batch:
            #expect(throws: ObjectiveError.noEmpiricalFisher) {
                try loss.empiricalFisherVectorProducts(at: loss.theta, along: [v])
            }
            return
        case .example, nil: break
        }
        let n = Double(loss.examples), total = loss.weight(of: Array(0..<loss.examples))
        var expected = [Double](repeating: 0, count: v.count), mean = expected
        for example in 0..<loss.examples where loss.weight(of: [example]) > 0 {
            var gradient = try loss.restricted(to: [example]).valueAndGradient(at: loss.theta).gradient
            Vectors.scale(&gradient, by: n / total * loss.weight(of: [example]))
            Vectors.add(Vectors.dot(gradient, v) / n, gradient, to: &expected)
            Vectors.add(1 / n, gradient, to: &mean)
        }
        let found = try loss.empiricalFisherVectorProducts(at: loss.theta, along: [v])[0]
        #expect(Vectors.norm(Vectors.sum(mean, -1, v)) <= tolerance * max(1, Vectors.norm(v)))
        #expect(Vectors.norm(expected) > 0)
        #expect(Vectors.norm(Vectors.sum(found, -1, expected)) <= tolerance * Vectors.norm(expected))
    }
}
