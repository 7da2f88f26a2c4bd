extension Dataset {
    /// Writes the inputs of these examples in Float32, one example after another.
    ///
    /// - Parameter array: which of the arrays.
    /// - Precondition: the examples exist, and `target` has room for exactly their numbers.
    public func copyInputs(
        of indices: some Collection<Int>, array: Int = 0, to target: UnsafeMutableBufferPointer<Float>
    ) {
        let size = arrays[array].size
        switch arrays[array].values {
        case .floats(let values): Self.copy(values, indices, size, target) { $0 }
        case .doubles(let values): Self.copy(values, indices, size, target) { Float($0) }
        case .tokens(let values): Self.copy(values, indices, size, target) { Float($0) }
        case .streamed(let file): file.copy(indices, to: target)
        }
    }

    /// Writes the inputs of these examples in Float64, one example after another.
    ///
    /// - Parameter array: which of the arrays.
    /// - Precondition: the examples exist, and `target` has room for exactly their numbers.
    public func copyInputs(
        of indices: some Collection<Int>, array: Int = 0, to target: UnsafeMutableBufferPointer<Double>
    ) {
        let size = arrays[array].size
        switch arrays[array].values {
        case .floats(let values): Self.copy(values, indices, size, target) { Double($0) }
        case .doubles(let values): Self.copy(values, indices, size, target) { $0 }
        case .tokens(let values): Self.copy(values, indices, size, target) { Double($0) }
        case .streamed(let file): file.copy(indices, to: target)
        }
    }

    /// All inputs in Float32: examples × `exampleShape`, row-major.
    public var floatInputs: [Float] {
        if case .floats(let values) = inputs { return values }
        return [Float](unsafeUninitializedCapacity: inputs.count) { buffer, count in
            count = inputs.count
            copyInputs(of: 0..<self.count, to: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// All inputs in Float64: examples × `exampleShape`, row-major.
    public var doubleInputs: [Double] {
        if case .doubles(let values) = inputs { return values }
        return [Double](unsafeUninitializedCapacity: inputs.count) { buffer, count in
            count = inputs.count
            copyInputs(of: 0..<self.count, to: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
        }
    }

    @inline(__always)
    private static func copy<Source, Target: BitwiseCopyable>(
        _ values: [Source], _ indices: some Collection<Int>, _ width: Int,
        _ target: UnsafeMutableBufferPointer<Target>, _ convert: (Source) -> Target
    ) {
        precondition(
            target.count == indices.count * width, "\(indices.count) examples of \(width) into \(target.count) numbers")
        guard let output = target.baseAddress else { return }
        values.withUnsafeBufferPointer { source in
            var written = 0
            for index in indices {
                precondition(
                    index >= 0 && index * width + width <= source.count, "example \(index) is not in the data")
                for offset in 0..<width {
                    (output + written + offset).initialize(to: convert(source[index * width + offset]))
                }
                written += width
            }
        }
    }

    /// Writes the whole numbers of these examples, one example after another.
    ///
    /// - Parameter array: which of the arrays; one of tokens.
    /// - Precondition: the examples exist, and `target` has room for exactly their numbers.
    public func copyTokens(
        of indices: some Collection<Int>, array: Int = 0, to target: UnsafeMutableBufferPointer<Int32>
    ) {
        switch arrays[array].values {
        case .tokens(let values): Self.copy(values, indices, arrays[array].size, target) { $0 }
        case .streamed(let file): file.copyTokens(indices, to: target)
        case .floats, .doubles: preconditionFailure("'\(arrays[array].name)' holds real numbers")
        }
    }
}
