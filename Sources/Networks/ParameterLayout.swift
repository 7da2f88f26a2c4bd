/// A named tensor of a network: a part of θ, or a buffer beside it.
public struct TensorSpecification: Sendable, Hashable, Codable {
    /// The name as in PyTorch's state dictionaries, such as `layer1.0.conv1.weight`.
    public let name: String
    /// Extents in PyTorch's layout, filter axis first: [out, in] or [out, in, height, width].
    public let shape: [Int]
    /// The distribution of its initial values.
    public let initialization: Initialization

    /// A tensor by name, shape and initial distribution.
    public init(_ name: String, _ shape: [Int], _ initialization: Initialization) {
        (self.name, self.shape, self.initialization) = (name, shape, initialization)
    }

    /// Number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// The same tensor as a part of something.
    func named(within name: String) -> TensorSpecification {
        TensorSpecification("\(name).\(self.name)", shape, initialization)
    }
}

/// Where each tensor lies in one vector: one after another, each row-major. For parameters that vector is θ.
public struct ParameterLayout: Sendable, Hashable {
    /// The tensors, in order.
    public let tensors: [TensorSpecification]
    /// Index of each tensor's first element in the vector.
    public let offsets: [Int]
    /// Length of the vector; for parameters this is P.
    public let count: Int

    /// Lays tensors out one after another.
    public init(_ tensors: [TensorSpecification]) {
        self.tensors = tensors
        var offsets: [Int] = [], next = 0
        for tensor in tensors {
            offsets.append(next)
            next += tensor.count
        }
        self.offsets = offsets
        count = next
    }

    /// The elements of tensor number `index` in the vector.
    ///
    /// - Precondition: there is such a tensor.
    public func range(_ index: Int) -> Range<Int> { offsets[index]..<(offsets[index] + tensors[index].count) }
}
