import ArrayFiles

extension NamedArrays {
    /// Names that files have for one array of inputs and one of targets, those of two splits first.
    private static let conventions = [("x_train", "y_train"), ("x", "y"), ("X", "y"), ("X", "Y"), ("images", "labels")]

    private var convention: (inputs: String, targets: String)? {
        Self.conventions.first { contains($0.0) && contains($0.1) }
    }

    /// Whether inputs and targets are under the names that files have by convention.
    var hasConvention: Bool { convention != nil }

    /// The examples of a split, under the names that files have by convention.
    func conventionalDataset(_ split: Split, ignoreIndex: Int) throws(DatasetError) -> Dataset {
        guard let (inputs, targets) = convention else { throw .missingArrays(name: name, found: names) }
        func pair(_ inputs: String, _ targets: String) throws(DatasetError) -> Dataset {
            try ArrayPair.dataset(try content(inputs), try read(targets), name: name, ignoreIndex: ignoreIndex)
        }
        guard inputs == "x_train" else {
            guard split == .train else { throw .noTestSplit(name) }
            return try pair(inputs, targets)
        }
        if contains(DataRoles.weightName) { throw .weightsOfSplit(name: name) }
        let hasTest = contains("x_test") && contains("y_test")
        if split == .test && !hasTest { throw .noTestSplit(name) }
        let result = split == .train ? try pair("x_train", "y_train") : try pair("x_test", "y_test")
        guard hasTest, case .classes(let labels, let count) = result.targets else { return result }
        // Both splits have the classes of either: a model is made for all of them.
        let other = try read(split == .train ? "y_test" : "y_train")
        guard case .classes(_, let more) = try ArrayPair.targets(other, name: name, ignoreIndex: ignoreIndex) else {
            return result
        }
        return result.with(targets: .classes(labels, count: max(count, more)))
    }
}
