import Datasets
import Essentials
import Networks

/// Why a network and a loss cannot be applied to data.
public enum DataMismatch: DescribedError, Equatable {
    /// Examples or targets of another shape or kind, and what to do beside naming other data.
    case unsuitable(expected: String, found: String, advice: String = "")
    /// A class that the network has no output for.
    case labelOutOfRange(label: Int, outputs: Int)
    /// A token that the network has no row for.
    case unknownToken(token: Int, vocabulary: Int)
    /// A loss for targets of another kind, and the losses that would do.
    case loss(String, data: String, expected: String)
    /// Targets that several losses could be meant for, with what each of them is.
    case lossOpen(found: String, choices: String)
    /// Several axes of the outputs could hold the classes.
    case classAxisOpen(output: [Int], target: [Int])
    /// A list of weights of another length than there are classes or outputs.
    case weights(option: String, found: Int, expected: Int)
    /// No element counts.
    case nothingCounts

    /// What was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .unsuitable(let expected, let found, let advice):
            "the model takes \(expected), the data have \(found)" + (advice.isEmpty ? "; name other --data" : advice)
        case .labelOutOfRange(let label, let outputs):
            "found the label \(label), expected 0 to \(outputs - 1): the model has \(outputs) outputs; use the data's own model, other --data, or --ignore-index \(label) where that label does not count"
        case .unknownToken(let token, let vocabulary):
            "found the token \(token), expected 0 to \(vocabulary - 1): the model knows \(vocabulary) tokens; use the data's own model, or vocab=\(token + 1) or more"
        case .loss(let loss, let data, let expected):
            "the loss \(loss) does not suit \(data); use --loss \(expected)"
        case .lossOpen(let found, let choices): "found \(found), for which several losses may be meant; give \(choices)"
        case .classAxisOpen(let output, let target):
            "found outputs of shape N×\(Self.extents(output)) and labels of shape N×\(Self.extents(target)), where several axes may hold the classes; give --class-axis 1 for N×classes×…, or --class-axis -1 for N×…×classes"
        case .weights(let option, let found, let expected):
            "\(option): found \(found) weights, expected \(expected)"
        case .nothingCounts:
            "no element of the data counts: every label is ignored or has the weight 0; use other --data or another --ignore-index"
        }
    }

    static func extents(_ shape: [Int]) -> String { shape.map { "\($0)" }.joined(separator: "×") }

    /// Refuses data that a network and a loss cannot be applied to.
    ///
    /// - Throws: the first mismatch; every label and token is looked at.
    public static func check(_ data: Dataset, _ network: Network, _ loss: Loss) throws(DataMismatch) {
        _ = try LossLayout(loss, of: data, for: network)
    }
}

extension LossLayout {
    /// How a network's outputs meet the targets of data in a loss.
    ///
    /// - Throws: the first mismatch; every label and token is looked at.
    package init(_ loss: Loss, of data: Dataset, for network: Network) throws(DataMismatch) {
        try Self.checkInputs(data, network)
        // One number for an example is a row of one.
        let shape = network.outputShape.isEmpty ? [1] : network.outputShape
        if let own = loss.outputLoss {
            guard network.outputs == 1 else {
                throw .unsuitable(
                    expected: "one number for each example as its loss", found: "\(network.outputs) outputs",
                    advice: "; name another output with --loss output:NAME")
            }
            guard data.weights == nil || own.subject == .example else {
                throw .unsuitable(
                    expected: "no weights", found: "some, but its loss is one number for a batch",
                    advice: "; make 'weight' an input of the graph, or leave it out of the file")
            }
            guard data.weights?.values.contains(where: { $0 > 0 }) ?? true else { throw .nothingCounts }
            self.init(outputShape: shape, target: .none, isWeighted: data.weights != nil)
            return
        }
        guard !network.givesOneForBatch else {
            throw .unsuitable(
                expected: "outputs for each example for the loss \(loss.name)", found: "one number for a batch",
                advice: "; give --loss output")
        }
        if loss.takesClasses {
            try self.init(classes: loss, data, shape)
        } else {
            try self.init(values: loss, data, shape)
        }
    }

    private static func checkInputs(_ data: Dataset, _ network: Network) throws(DataMismatch) {
        guard data.arrays.count == network.inputs.count else {
            throw .unsuitable(expected: "\(network.inputs.count) inputs", found: "\(data.arrays.count)")
        }
        for (array, input) in zip(data.arrays, network.inputs) {
            let name = network.inputs.count > 1 ? " '\(input.name)'" : ""
            guard ShapeAgreement.agree(array.shape, input.shape) else {
                throw .unsuitable(
                    expected: "examples\(name) of shape \(input.shape)", found: "examples of shape \(array.shape)",
                    advice: ShapeAgreement.advice(found: array.shape, expected: input.shape))
            }
            guard !input.takesTokens || array.values.areTokens else {
                throw .unsuitable(expected: "whole numbers from 0\(name)", found: "other numbers")
            }
        }
        for (array, vocabulary) in zip(data.arrays, network.vocabularies) {
            guard let vocabulary else { continue }
            if let worst = array.values.largestToken, worst >= vocabulary {
                throw .unknownToken(token: worst, vocabulary: vocabulary)
            }
            // Whole numbers that are not all from 0 stay real numbers; a table has no row for them.
            if case .doubles(let values) = array.values, let worst = values.first(where: { $0 < 0 }) {
                throw .unknownToken(token: Int(exactly: worst) ?? -1, vocabulary: vocabulary)
            }
        }
    }

    // MARK: classes

    private init(classes loss: Loss, _ data: Dataset, _ shape: [Int]) throws(DataMismatch) {
        let labelShape: [Int]
        var target = Target.classes
        switch data.targets {
        case .classes: labelShape = data.targetShape
        case .values(let values, let width):
            guard data.targetShape.filter({ $0 != 1 }) == shape.filter({ $0 != 1 }) else {
                throw .unsuitable(
                    expected: "class labels for the loss \(loss.name)", found: "\(width) real targets an example",
                    advice: values.allSatisfy { $0 == $0.rounded() }
                        ? "; store labels as integers" : "; name other --data, or another --loss")
            }
            target = .distributions
            labelShape = []
        case .none: throw .unsuitable(expected: "targets for the loss \(loss.name)", found: "none")
        }
        let axis: Int
        if let given = loss.classAxis {
            let place = given < 0 ? given + shape.count : given - 1
            guard shape.indices.contains(place) else {
                throw .unsuitable(
                    expected: "classes along axis \(given)", found: "outputs of shape N×\(DataMismatch.extents(shape))",
                    advice: "; give another --class-axis")
            }
            axis = place
        } else if shape.filter({ $0 != 1 }).count < 2 {
            axis = shape.firstIndex { $0 != 1 } ?? shape.count - 1
        } else if target == .distributions {
            let found = shape.indices.filter { Self.areDistributions(data, shape, along: $0) }
            guard found.count == 1 else { throw .classAxisOpen(output: shape, target: data.targetShape) }
            axis = found[0]
        } else {
            axis = try Self.axis(of: labelShape, shape)
        }
        guard target == .classes || Self.areDistributions(data, shape, along: axis) else {
            throw .unsuitable(
                expected: "class labels, or probabilities of classes that sum to 1, for the loss \(loss.name)",
                found: "other real targets", advice: "; give --loss mse for a regression, or bce for yes-or-no targets")
        }
        var rest = shape
        rest.remove(at: axis)
        let classes = shape[axis]
        guard target == .distributions || rest.filter({ $0 != 1 }) == labelShape.filter({ $0 != 1 }) else {
            throw .unsuitable(
                expected: rest.reduce(1, *) == 1
                    ? "one label an example" : "labels of shape N×\(DataMismatch.extents(rest))",
                found: labelShape.isEmpty ? "one an example" : "labels of shape N×\(DataMismatch.extents(labelShape))",
                advice: labelShape.isEmpty || rest.reduce(1, *) > 1
                    ? ""
                    : "; store rows of probabilities, such as one-hot rows, as floating-point numbers; for several yes-or-no targets an example give --loss bce"
            )
        }
        guard loss.classWeights.isEmpty || loss.classWeights.count == classes else {
            throw .weights(option: "--class-weights", found: loss.classWeights.count, expected: classes)
        }
        var hasIgnored = false
        if case .classes(let labels, _) = data.targets {
            for label in labels where label < 0 || Int(label) >= classes {
                guard Int(label) == loss.ignoreIndex else {
                    throw .labelOutOfRange(label: Int(label), outputs: classes)
                }
            }
            hasIgnored = labels.contains { Int($0) == loss.ignoreIndex }
            guard labels.contains(where: { Int($0) != loss.ignoreIndex }) else { throw .nothingCounts }
        }
        if let weights = data.weights {
            guard weights.values.contains(where: { $0 > 0 }) else { throw .nothingCounts }
            // Rows of a distribution have weights without the axis of classes.
            let elements = (target == .distributions ? rest : labelShape).filter { $0 != 1 }
            let given = weights.shape.filter { $0 != 1 }
            guard given == Array(elements.prefix(given.count)) else {
                throw .unsuitable(
                    expected: "a weight for each label",
                    found: "weights of shape N×\(DataMismatch.extents(weights.shape))")
            }
        }
        self.init(
            outputShape: shape, target: target, classAxis: axis, isWeighted: hasIgnored || data.weights != nil)
    }

    /// The one axis without which outputs have the shape of labels.
    private static func axis(of labels: [Int], _ shape: [Int]) throws(DataMismatch) -> Int {
        let wanted = labels.filter { $0 != 1 }
        let found = shape.indices.filter { axis in
            var rest = shape
            rest.remove(at: axis)
            return shape[axis] > 1 && rest.filter { $0 != 1 } == wanted
        }
        // Two axes of one extent leave the same rest, but not the same classes.
        guard found.count <= 1 else { throw .classAxisOpen(output: shape, target: labels) }
        guard let axis = found.first else {
            throw .unsuitable(
                expected: "outputs with the shape of the labels and an axis of classes more",
                found: labels.isEmpty
                    ? "one label an example for outputs of shape N×\(DataMismatch.extents(shape))"
                    : "labels of shape N×\(DataMismatch.extents(labels)) for outputs of shape N×\(DataMismatch.extents(shape))",
                advice: "; give --target, or --loss for targets that are no classes")
        }
        return axis
    }

    /// Whether targets are probabilities that sum to 1 along an axis.
    private static func areDistributions(_ data: Dataset, _ shape: [Int], along axis: Int) -> Bool {
        guard case .values(let values, _) = data.targets else { return false }
        // The loss was chosen. Rows that were rounded to five digits are still what it is for.
        return ProbabilityRows.sumToOne(values, shape, along: axis, tolerance: 1e-4)
    }

    // MARK: numbers

    private init(values loss: Loss, _ data: Dataset, _ shape: [Int]) throws(DataMismatch) {
        let outputs = shape.reduce(1, *)
        switch data.targets {
        case .classes(_, let classes):
            // A regression on classes takes their one-hot rows.
            guard data.targetShape.isEmpty else {
                throw .unsuitable(
                    expected: "\(outputs) numbers an example for the loss \(loss.name)",
                    found: "labels of shape N×\(DataMismatch.extents(data.targetShape))",
                    advice: "; give --loss cross-entropy for labels")
            }
            guard classes == outputs else {
                throw .unsuitable(expected: "\(outputs) classes for the loss \(loss.name)", found: "\(classes)")
            }
        case .values(_, let width):
            guard width == outputs, ShapeAgreement.agree(data.targetShape, shape) else {
                throw width == outputs
                    ? .unsuitable(
                        expected: "targets of shape N×\(DataMismatch.extents(shape))",
                        found: "N×\(DataMismatch.extents(data.targetShape))",
                        advice: ShapeAgreement.advice(found: data.targetShape, expected: shape)
                            .replacing("x.", with: "y."))
                    : .unsuitable(expected: "\(outputs) targets an example", found: "\(width)")
            }
        case .none: throw .unsuitable(expected: "targets for the loss \(loss.name)", found: "none")
        }
        try Self.checkRange(of: data, loss)
        let weights = loss.positiveWeights.count
        guard weights <= 1 || weights == outputs else {
            throw .weights(option: "--pos-weights", found: weights, expected: outputs)
        }
        self.init(outputShape: shape, target: .values, isWeighted: data.weights != nil)
    }
}

extension LossLayout {
    /// Refuses targets that a loss is not defined for.
    private static func checkRange(of data: Dataset, _ loss: Loss) throws(DataMismatch) {
        guard case .values(let values, _) = data.targets else { return }
        let range: ClosedRange<Double>
        switch loss.kind {
        case .binaryCrossEntropy: range = 0...1
        case .kullbackLeibler, .poisson: range = 0 ... .infinity
        default: return
        }
        guard let odd = values.first(where: { !range.contains($0) }) else { return }
        throw .unsuitable(
            expected: "targets from 0\(range.upperBound == 1 ? " to 1" : "") for the loss \(loss.name)",
            found: "\(odd)",
            advice: "; change the targets, or give another --loss")
    }
}

extension Loss {
    /// The loss for data: the chosen one with label smoothing, else cross-entropy for classes and mean r² for real targets (PyTorch's
    /// `MSELoss`).
    ///
    /// - Throws: `DataMismatch.loss` where cross-entropy has no classes, or label smoothing no cross-entropy.
    package init(suiting data: Dataset, chosen: Loss?, labelSmoothing: Double = 0) throws(DataMismatch) {
        var loss = chosen ?? (data.classCount == nil ? .meanSquaredError : .crossEntropy(labelSmoothing: 0))
        if case .crossEntropy(let smoothing) = loss.kind {
            if case .values(let values, let width) = data.targets, width == 1 || values.contains(where: { $0 < 0 }) {
                throw .loss(loss.specification, data: "real targets", expected: "mse, half-mse or bce")
            }
            loss.kind = .crossEntropy(labelSmoothing: labelSmoothing == 0 ? smoothing : labelSmoothing)
        } else if labelSmoothing != 0 {
            throw .loss(loss.specification, data: "label smoothing", expected: "cross-entropy")
        }
        self = loss
    }
}
