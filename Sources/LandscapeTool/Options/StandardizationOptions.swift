import ArgumentParser
import Landscape

/// How inputs are brought to a common scale.
struct StandardizationOptions: ParsableArguments {
    @Flag(help: "Bring inputs to mean 0 and deviation 1, measured on the training split.") var standardize = false
    @Option(
        help: ArgumentHelp(
            "Subtract this from the inputs: one number for each channel, or one for all. Bytes of images count as 0 to 1.",
            valueName: "numbers")
    )
    var mean: String?
    @Option(help: ArgumentHelp("Then divide by this, such as 0.229,0.224,0.225.", valueName: "numbers")) var std:
        String?

    func validate() throws { _ = try record() }

    func apply(to settings: inout TrainingConfiguration) throws {
        settings.standardizes = standardize
        // What a network to start from brought stays where nothing is said.
        if standardize {
            settings.standardization = nil
        } else if let given = try record() {
            settings.standardization = given
        }
    }

    /// What is asked for; nothing where nothing is said.
    var choice: InputStandardization {
        get throws {
            if standardize { return .trainingSplit }
            guard let given = try record() else { return .none }
            return .given(given)
        }
    }

    private func record() throws -> StandardizationRecord? {
        guard mean != nil || std != nil else { return nil }
        guard !standardize else { throw ValidationError("--standardize and --mean, --std: expected one or the other") }
        func numbers(_ text: String?, _ name: String) throws -> [Double]? {
            try text.map { text in
                let values = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
                guard values.allSatisfy({ $0.isFinite && (name == "mean" || $0 > 0) }) else {
                    throw ValidationError(
                        "--\(name) \(text): expected \(name == "mean" ? "" : "positive ")numbers with commas between")
                }
                return values
            }
        }
        let mean = try numbers(mean, "mean") ?? [0], deviation = try numbers(std, "std") ?? [1]
        guard mean.count == deviation.count || mean.count == 1 || deviation.count == 1 else {
            throw ValidationError(
                "--mean has \(mean.count) numbers, --std \(deviation.count): expected as many of both")
        }
        let count = max(mean.count, deviation.count)
        func all(_ values: [Double]) -> [Double] {
            values.count == count ? values : [Double](repeating: values[0], count: count)
        }
        return StandardizationRecord(mean: all(mean), deviation: all(deviation))
    }
}
