import Datasets
import Foundation
import Models
import Networks
import Testing

@testable import Training

@Suite struct ConfigurationTests {
    @Test func defaults() throws {
        for kind in OptimizerKind.allCases { try digits("linear", kind).validate() }
        #expect(digits("linear", .sam).rho == 0.05 && digits("linear", .asam).rho == 0.5)
        #expect(digits("linear", .adamw).weightDecay == 0.01 && digits("linear", .adam).learningRate == 0.001)
        let configuration = digits("linear", .asam)
        let decoded = try JSONDecoder().decode(TrainingConfiguration.self, from: JSONEncoder().encode(configuration))
        #expect(decoded == configuration)
    }

    struct Fault: CustomTestStringConvertible, Sendable {
        let name: String, found: String
        let change: @Sendable (inout TrainingConfiguration) -> Void
        var testDescription: String { name + " " + found }
        init(_ name: String, _ found: String, _ change: @escaping @Sendable (inout TrainingConfiguration) -> Void) {
            (self.name, self.found, self.change) = (name, found, change)
        }
    }

    static let faults = [
        Fault("lr", "-0.1") { $0.learningRate = -0.1 }, Fault("lr", "nan") { $0.learningRate = .nan },
        Fault("lr", "inf") { $0.learningRate = .infinity }, Fault("lr", "0.0") { $0.learningRate = 0 },
        Fault("momentum", "1.0") { $0.momentum = 1 }, Fault("momentum", "-0.5") { $0.momentum = -0.5 },
        Fault("weight-decay", "-1.0") { $0.weightDecay = -1 }, Fault("rho", "0.0") { $0.rho = 0 },
        Fault("rho", "-0.05") { $0.rho = -0.05 }, Fault("rho", "nan") { $0.rho = .nan },
        Fault("eta", "-0.01") { $0.eta = -0.01 }, Fault("batch-size", "0") { $0.batchSize = 0 },
        Fault("epochs", "0.0") { $0.length = .epochs(0) }, Fault("epochs", "nan") { $0.length = .epochs(.nan) },
        Fault("epochs", "1e+300") { $0.length = .epochs(1e300) }, Fault("steps", "-3") { $0.length = .steps(-3) },
        Fault("warmup", "-1") { $0.warmup = .steps(-1) }, Fault("label-smoothing", "1.0") { $0.labelSmoothing = 1 },
        Fault("label-noise", "1.5") { $0.labelNoise = 1.5 }, Fault("grad-clip", "0.0") { $0.gradientClip = 0 },
        Fault("examples", "0") { $0.examples = 0 }, Fault("save-every", "0") { $0.saveEvery = 0 },
        Fault("adam-lr", "0.0") { $0.adamRate = 0 }, Fault("base", "adam") { ($0.optimizer, $0.base) = (.sgd, .adam) },
        Fault("momentum", "0.0") { ($0.base, $0.momentum) = (.nesterov, 0) }, Fault("base", "muon") { $0.base = .muon },
        Fault("sigma", "-1.0") { $0.sigma = -1 }, Fault("sigma", "inf") { $0.sigma = .infinity },
        Fault("averaging", "0.0") { $0.averaging = 0 }, Fault("averaging", "1.0") { $0.averaging = 1 },
        Fault("beta1", "1.0") { $0.beta1 = 1 }, Fault("epsilon", "0.0") { $0.epsilon = 0 },
    ]

    @Test(arguments: faults) func refused(_ fault: Fault) {
        var configuration = digits("linear", .sam)
        fault.change(&configuration)
        let error = #expect(throws: TrainingError.self) { try Trainer(configuration) }
        guard case .invalidSetting(let name, let found, let expected)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(name == fault.name && found == fault.found && !expected.isEmpty)
        #expect(error?.description.hasPrefix("--\(name): found \(found), expected ") == true)
    }

    @Test func whatDoesNotGoTogether() {
        func failure(_ model: String, _ data: DataSpecification, _ change: (inout TrainingConfiguration) -> Void) -> (
            any Error
        )? {
            var configuration = TrainingConfiguration(model: model, data: data)
            change(&configuration)
            return #expect(throws: (any Error).self) { try Trainer(configuration) }
        }
        #expect(
            failure("linear", .chebyshev(degree: 3)) { $0.loss = .crossEntropy(labelSmoothing: 0) } is DataMismatch)
        #expect(failure("linear", .chebyshev(degree: 3)) { $0.labelSmoothing = 0.1 } is DataMismatch)
        #expect(
            failure("linear", .digits) {
                $0.loss = .meanSquaredError; $0.labelSmoothing = 0.1
            } is DataMismatch)
        #expect(failure("linear", .chebyshev(degree: 3)) { $0.augmentation = .all } is TrainingError)
        #expect(failure("linear", .chebyshev(degree: 3)) { $0.labelNoise = 0.1 } is DatasetError)
        #expect(failure("mlp:64-32-11", .digits) { _ in } is NetworkError)
        #expect(failure("linear", .digits) { $0.examples = 1 << 40 } is DatasetError)
    }

    /// What is perturbed alone has to be there, and to make a difference.
    @Test func perturbedNormalization() {
        func failure(_ model: String, _ optimizer: OptimizerKind) -> TrainingError? {
            var configuration = digits(model, optimizer)
            configuration.perturbs = .norm
            return #expect(throws: TrainingError.self) { try Trainer(configuration) }
        }
        for (model, optimizer, words) in [
            ("mlp:64-32-10", OptimizerKind.sam, "no normalisation layer"), ("resnet8;norm=none", .gsam, "resnet8"),
            ("resnet8", .asam, "sam's ascent"), ("resnet8", .sgd, "all with sgd"),
        ] {
            let found = failure(model, optimizer)?.description
            #expect(found?.hasPrefix("--perturb: found norm, expected all") == true && found?.contains(words) == true)
        }
    }

    /// A checkpoint says all of it, and that other settings are others.
    @Test func recorded() throws {
        var configuration = TrainingConfiguration(model: "resnet8", data: .digits, optimizer: .fsam, base: .muon)
        (configuration.sigma, configuration.averaging, configuration.perturbs) = (0.5, 0.7, .norm)
        (configuration.adamRate, configuration.examples) = (0.1, 50)
        let checkpoint = try Trainer(configuration).checkpoint()
        #expect(try TrainingConfiguration(checkpoint.metadata) == configuration)
        var other = configuration
        (other.sigma, other.averaging, other.perturbs, other.adamRate) = (1, 0.9, .all, 0.2)
        #expect(
            throws: TrainingError.configurationChanged([
                "adam-lr was 0.1, is now 0.2", "averaging was 0.7, is now 0.9", "sigma was 0.5, is now 1.0",
                "perturb was norm, is now all",
            ])
        ) { try Trainer(other, resuming: checkpoint) }
    }

    @Test func averagesAndEigenvectorsAreRecorded() throws {
        var configuration = TrainingConfiguration(model: "mlp:64-8-10", data: .digits, optimizer: .eigensam)
        (configuration.eigenEvery, configuration.alpha, configuration.examples) = (7, 0.3, 50)
        (configuration.ema, configuration.swaStart) = (0.99, 3)
        let checkpoint = try Trainer(configuration).checkpoint()
        #expect(try TrainingConfiguration(checkpoint.metadata) == configuration)
        configuration.swaStart = 21
        let failure = #expect(throws: TrainingError.self) { try Trainer(configuration) }
        #expect(failure?.description.contains("--swa-start: found 21, expected one of the 20 whole epochs") == true)
    }

    /// One-hot rows for regression on classes.
    @Test(arguments: [Loss.meanSquaredError, .binaryCrossEntropy]) func regressionOnClasses(_ loss: Loss) throws {
        var configuration = digits("linear", epochs: 2)
        configuration.loss = loss
        configuration.examples = 300
        let outcome = try Trainer(configuration).run()
        #expect(try #require(outcome.trainLoss) < outcome.checkpoint.metadata.history[0].trainLoss)
    }
}
