import ONNX

/// Evidence of shapes and numbers.
extension WeightMatching {
    /// A graph's tensors whose numbers the file has, as they are or transposed. Tensors whose numbers are all the same, such as the
    /// ones of a fresh normalisation, are alike by chance.
    mutating func matchNumbers() {
        for tensor in missing where tensor.values.contains(where: { $0 != tensor.values[0] }) {
            let found = unused.first {
                Self.fits(tensor, $0)
                    && (Self.isSame(tensor, $0, transposed: false)
                        || (tensor.isTransposed && Self.isSame(tensor, $0, transposed: true)))
            }
            guard let found else { continue }
            let isTransposed =
                found.shape != tensor.shape
                || (Self.mayBeEither(tensor, found) && !Self.isSame(tensor, found, transposed: false))
            place(tensor, found, .numbers, isTransposed: isTransposed)
        }
    }

    /// Whether a tensor of the file has the shape, as it is or transposed where an exporter transposes.
    static func fits(_ tensor: WantedTensor, _ source: Given) -> Bool {
        source.shape == tensor.shape || (tensor.isTransposed && source.shape == tensor.shape.reversed())
    }

    /// Whether shapes do not say if a matrix is transposed: it may be, and is square.
    static func mayBeEither(_ tensor: WantedTensor, _ source: Given) -> Bool {
        tensor.isTransposed && source.shape == tensor.shape && source.shape == source.shape.reversed()
    }

    /// Whether the numbers are those of the graph, as they are or transposed.
    static func isSame(_ tensor: WantedTensor, _ source: Given, transposed: Bool) -> Bool {
        guard source.shape == (transposed ? tensor.shape.reversed() : tensor.shape) else { return false }
        guard transposed else { return source.values == tensor.values }
        let (rows, columns) = (tensor.shape[0], tensor.shape[1])
        return (0..<rows).allSatisfy { row in
            (0..<columns).allSatisfy { tensor.values[row * columns + $0] == source.values[$0 * rows + row] }
        }
    }

    /// Whether the graph holds the numbers that the file has, as far as tensors are matched. False where none counts.
    ///
    /// - Parameter counts: whether such numbers say anything.
    func isAsExported(_ counts: ([Double]) -> Bool) -> Bool {
        let sources = Dictionary(given.map { ($0.name, $0) }) { first, _ in first }
        let matched = wanted.filter { places[$0.name] != nil && counts($0.values) }
        return !matched.isEmpty
            && matched.allSatisfy { tensor in
                guard let place = places[tensor.name], let source = sources[place.source] else { return false }
                return Self.isSame(tensor, source, transposed: place.isTransposed)
            }
    }

    /// Whether the file holds other weights than the graph was exported with. Where all that is found is as it was exported, the rest
    /// would have been found, too.
    var holdsOtherWeights: Bool { !isAsExported { numbers in numbers.contains { $0 != numbers[0] } } }

    /// Tensors that are left over and are what a matched one is, as a table of tokens that also gives the logits is saved twice.
    var copiesOfMatched: Set<String> {
        guard !isArchitecture else { return [] }
        let kept = given.filter { used.contains($0.name) }
        return Set(
            unused.filter { copy in kept.contains { $0.shape == copy.shape && $0.values == copy.values } }.map(\.name))
    }
}
