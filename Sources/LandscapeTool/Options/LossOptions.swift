import ArgumentParser
import Landscape

/// Which loss is meant, and how its elements count.
struct LossOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The loss: \(Loss.forms) (default: what suits model and data). With 'output' the graph's output is the loss.",
            valueName: "function")
    )
    var loss: String?
    @Option(
        help: ArgumentHelp(
            "The axis of classes in the outputs, such as 1 for N×K×… or -1 for N×…×K (default: found from the shapes).",
            valueName: "axis"))
    var classAxis: Int?
    @Option(help: ArgumentHelp("The label that does not count (default: -100).", valueName: "label")) var ignoreIndex:
        Int?
    @Option(
        help: ArgumentHelp(
            "A weight for each class, such as 0.2,1,3, or a file of them (.npy, .csv).", valueName: "numbers"),
        completion: .file(extensions: ["npy", "csv"]))
    var classWeights: String?
    @Option(
        help: ArgumentHelp(
            "For bce: the weight of positive targets, one for each output or one for all, or a file of them.",
            valueName: "numbers"),
        completion: .file(extensions: ["npy", "csv"]))
    var posWeights: String?
    @Option(help: ArgumentHelp("Share of each label that is spread over all classes.", valueName: "share"))
    var labelSmoothing = 0.0

    /// The loss that is asked for; nil where nothing is said. Label smoothing is a choice of cross-entropy alone.
    func choice() throws -> Loss? {
        guard loss != nil || classAxis != nil || ignoreIndex != nil || classWeights != nil || posWeights != nil else {
            return nil
        }
        var chosen =
            try loss.map { try Loss(specification: $0) }
            ?? Loss(
                posWeights == nil ? .crossEntropy(labelSmoothing: 0) : .binaryCrossEntropy)
        func refuse(_ option: String, _ kind: String) throws {
            throw UnusableRequest("\(option) is for the loss \(kind), found --loss \(loss ?? chosen.specification)")
        }
        if !chosen.takesClasses {
            if classAxis != nil { try refuse("--class-axis", "cross-entropy or nll") }
            if ignoreIndex != nil { try refuse("--ignore-index", "cross-entropy or nll") }
            if classWeights != nil { try refuse("--class-weights", "cross-entropy or nll") }
        }
        if posWeights != nil, chosen.kind != .binaryCrossEntropy { try refuse("--pos-weights", "bce") }
        if let classAxis {
            guard classAxis != 0 else {
                throw UnusableRequest(
                    "--class-axis 0 is the axis of the examples; expected 1 or more, or -1 for the last")
            }
            chosen.classAxis = classAxis
        }
        if let ignoreIndex {
            guard Int32(exactly: ignoreIndex) != nil else {
                throw UnusableRequest("--ignore-index \(ignoreIndex): expected a whole number of 32 bits")
            }
            chosen.ignoreIndex = ignoreIndex
        }
        if let classWeights { chosen.classWeights = try Self.weights(classWeights, "--class-weights") }
        if let posWeights { chosen.positiveWeights = try Self.weights(posWeights, "--pos-weights") }
        return chosen
    }

    /// Numbers with commas between them, or those of a file.
    private static func weights(_ text: String, _ option: String) throws -> [Double] {
        let listed = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
        var numbers = listed.compactMap { $0 }
        if numbers.count != listed.count {
            numbers = text.lowercased().hasSuffix(".npy") ? try NPY.read(text).doubles : try CSV.read(text).values
        }
        guard !numbers.isEmpty, numbers.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
            throw UnusableRequest("\(option) \(text): expected finite numbers from 0")
        }
        return numbers
    }
}
