/// Every operator that models may have, by name. A file of this folder is a family.
enum Operators {
    static let table: [String: OperatorCall.Implementation] = [
        unary, binary, comparison, matrix, convolution, pooling, normalization, softmax, reduction, shape, joining,
        indexing, scattering, padding, creation, recurrent, attention, einsum, resizing,
        controlFlow, quantization, position, losses,
    ].reduce(into: [:]) { $0.merge($1) { first, _ in first } }

    /// The names, for the documentation's table and its test.
    static var names: [String] { table.keys.sorted() }
}
