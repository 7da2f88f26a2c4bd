import Autodiff

/// A function that applies a network to a batch and declares the network's tensors on the way.
public struct Architecture: Sendable {
    let apply: @Sendable (NetworkBuilder, [Value]) -> NetworkOutput

    /// For each input of tokens: they are from 0 to one less than this; `nil` for others.
    package let vocabularies: [Int?]
    /// For networks that take tokens: they are from 0 to one less than this.
    public var vocabulary: Int? { vocabularies.first ?? nil }
    /// Whether it can be applied to a batch of so many examples.
    let canBuild: @Sendable (Int) -> Bool
    /// For networks whose graph grows with the batch: the largest batch that is sensible.
    let largestBatch: Int?
    /// The one batch that it can be applied to; `nil` where there are others.
    let onlyBatch: Int?

    /// An architecture given as code. `Network` builds it for data.
    ///
    /// - Parameters:
    ///   - vocabulary: for networks that take tokens, one more than the largest token; `nil` for real inputs.
    ///   - largestBatch: the largest batch that is sensible; `nil` where the graph does not grow with the batch.
    ///   - apply: called with a builder and the input, [n, …input shape], images N×C×H×W. It returns the outputs [n,
    ///     outputs]. It must declare the same tensors in the same order at every call, whatever the batch.
    public init(
        vocabulary: Int? = nil, largestBatch: Int? = nil, _ apply: @escaping @Sendable (NetworkBuilder, Value) -> Value
    ) {
        self.init(
            vocabularies: [vocabulary], largestBatch: largestBatch, applyingAll: { NetworkOutput(apply($0, $1[0])) })
    }

    /// An architecture of several inputs, or one whose output is a loss.
    package init(
        vocabularies: [Int?], largestBatch: Int? = nil, onlyBatch: Int? = nil,
        canBuild: @escaping @Sendable (Int) -> Bool = { _ in true },
        applyingAll apply: @escaping @Sendable (NetworkBuilder, [Value]) -> NetworkOutput
    ) {
        self.apply = apply
        self.canBuild = canBuild
        self.onlyBatch = onlyBatch
        self.vocabularies = vocabularies
        self.largestBatch = largestBatch
    }

    /// Every form of a model's name, for help and messages.
    public static let names =
        "linear, mlp:64-32-10, lenet, vgg11, resnet20|32|44|56|110[:B|:noshort], resnet18|34[:imagenet], wrn-28-10, vit[:patch=4,dim=128,depth=6,heads=4], "
        + "transformer:vocab=N[,dim=64,depth=2,heads=4]"

    /// Extents, widths and depths beyond these are taken for mistakes. No product of those of one tensor overflows.
    private static let mostInputs = 1 << 28, mostOutputs = 1 << 24, mostWidth = 1 << 24, mostLayers = 2000,
        mostFactor = 1000

    /// The architecture that a name such as `mlp:64-32-10` or `resnet20:B` means.
    init(_ specification: String, inputShape: [Int], outputs: Int) throws(NetworkError) {
        let parts = specification.split(separator: ":", maxSplits: 1).map(String.init)
        let (name, options) = (parts.first ?? "", parts.count > 1 ? parts[1] : "")
        var inputs = 1
        for extent in inputShape {
            guard extent > 0, extent <= Self.mostInputs / inputs else {
                throw .inputMismatch(
                    model: specification, expected: "1 to \(Self.mostInputs) numbers", found: inputShape)
            }
            inputs *= extent
        }
        guard outputs > 0, outputs <= Self.mostOutputs else {
            throw .tooManyOutputs(model: specification, found: outputs, most: Self.mostOutputs)
        }
        func image(_ least: Int) throws(NetworkError) {
            guard inputShape.count == 3, inputShape[1] >= least, inputShape[2] >= least else {
                throw .inputMismatch(
                    model: specification, expected: "images C×H×W of at least \(least)×\(least)", found: inputShape)
            }
        }
        func noOptions() throws(NetworkError) {
            guard options.isEmpty else { throw .invalidOption(model: name, found: options, expected: "no options") }
        }
        switch name {
        case "linear":
            try noOptions()
            self = .linear(outputs)
        case "mlp":
            let widths = options.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard 2...Self.mostLayers ~= widths.count, widths.allSatisfy({ 1...Self.mostWidth ~= $0 ?? 0 }) else {
                throw .invalidOption(
                    model: name, found: options, expected: "widths such as mlp:64-32-10 (input, hidden …, output)")
            }
            let sizes = widths.map { $0! }
            guard sizes[0] == inputs else {
                throw .inputMismatch(model: specification, expected: "\(sizes[0]) numbers", found: inputShape)
            }
            guard sizes.last! == outputs else {
                throw .outputMismatch(model: specification, expected: outputs, found: sizes.last!)
            }
            self = .mlp(Array(sizes.dropFirst()))
        case "lenet":
            try noOptions()
            try image(8)
            self = .lenet(outputs)
        case "vgg11":
            try noOptions()
            try image(8)
            self = .vgg11(outputs)
        case "resnet18", "resnet34":
            guard ["", "imagenet"].contains(options) else {
                throw .invalidOption(model: name, found: options, expected: "nothing, or imagenet")
            }
            try image(options.isEmpty ? 8 : 32)
            self = .resNet(
                blocks: name == "resnet18" ? [2, 2, 2, 2] : [3, 4, 6, 3], largeImages: !options.isEmpty,
                outputs: outputs)
        case _ where name.hasPrefix("wrn-"):
            try noOptions()
            let numbers = name.dropFirst(4).split(separator: "-", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
            guard numbers.count == 2, 10...Self.mostLayers ~= numbers[0], (numbers[0] - 4) % 6 == 0,
                1...Self.mostFactor ~= numbers[1]
            else {
                throw .invalidOption(
                    model: name, found: name, expected: "a depth of 6n + 4 and a factor, such as wrn-16-4 or wrn-28-10")
            }
            try image(4)
            self = .wideResNet(blocks: (numbers[0] - 4) / 6, width: numbers[1], outputs: outputs)
        case _ where name.hasPrefix("resnet"):
            guard let depth = Int(name.dropFirst(6)), depth >= 8, depth <= Self.mostLayers, (depth - 2) % 6 == 0 else {
                throw .invalidOption(
                    model: name, found: name, expected: "a depth of 6n + 2, such as resnet20, or 18 or 34")
            }
            guard let shortcut = ["": ResidualShortcut.pad, "A": .pad, "B": .projection, "noshort": .absent][options]
            else {
                throw .invalidOption(model: name, found: options, expected: "A, B or noshort")
            }
            try image(4)
            self = .cifarResNet(blocks: (depth - 2) / 6, shortcut: shortcut, outputs: outputs)
        case "vit":
            let vit = try VisionTransformer(options)
            try image(vit.patch)
            guard inputShape[1] % vit.patch == 0, inputShape[2] % vit.patch == 0 else {
                throw .inputMismatch(
                    model: specification, expected: "images whose sides are multiples of \(vit.patch)",
                    found: inputShape)
            }
            self = .vit(vit, outputs: outputs)
        case "transformer":
            let transformer = try TokenTransformer(options)
            guard inputShape.count == 1 else {
                throw .inputMismatch(model: specification, expected: "rows of tokens", found: inputShape)
            }
            self = .transformer(transformer, outputs: outputs)
        default:
            throw .unknownModel(specification)
        }
    }
}
