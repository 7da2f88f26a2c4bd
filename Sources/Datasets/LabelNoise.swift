import Tensors

extension Dataset {
    /// The same examples with wrong labels for some of them: the usual way to make memorisation visible.
    ///
    /// Exactly round(fraction · count) examples get another label, each of the other classes being equally likely.
    ///
    /// - Throws: `DatasetError.badFraction` where the fraction is not in [0, 1], `DatasetError.notClasses` for
    ///   regression.
    public func withLabelNoise(_ fraction: Double, seed: UInt64) throws(DatasetError) -> Dataset {
        guard fraction >= 0 && fraction <= 1 else { throw .badFraction(fraction) }
        guard case .classes(var labels, let classes) = targets, targetShape.isEmpty, labels.allSatisfy({ $0 >= 0 })
        else {
            throw .notClasses(name)
        }
        guard classes > 1 else { return self }
        let numbers = RandomNumbers(seed: seed).named("label noise")
        let chosen = numbers.named("examples").permutation(count)
        let changes = Int(fraction * Double(count) + 0.5)
        for example in chosen.prefix(changes) {
            // A step of 1 to classes − 1 around the circle of classes reaches every other one.
            let step = 1 + Int(numbers.uniform(at: example) * Double(classes - 1))
            labels[example] = Int32((Int(labels[example]) + step) % classes)
        }
        return with(targets: .classes(labels, count: classes))
    }
}
