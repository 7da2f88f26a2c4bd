/// One named tensor of a network: a part of θ, or a buffer beside it.
public struct TensorSpecification: Sendable, Hashable, Codable {
    /// As PyTorch's state dictionaries have it, such as `layer1.0.conv1.weight`.
    public let name: String
    /// In the checkpoint's layout: filter axis first, [out, in] or [out, in, height, width].
    public let shape: [Int]
    public let initialization: Initialization

    public init(_ name: String, _ shape: [Int], _ initialization: Initialization) {
        (self.name, self.shape, self.initialization) = (name, shape, initialization)
    }

    public var count: Int { shape.reduce(1, *) }
}

/// Where each parameter lies in θ: one vector, tensors one after another in order, each row-major.
public struct ParameterLayout: Sendable, Hashable {
    public let tensors: [TensorSpecification]
    /// First element of each tensor.
    public let offsets: [Int]
    /// P, the length of θ.
    public let count: Int

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

    /// The elements of tensor number `index` in θ.
    public func range(_ index: Int) -> Range<Int> { offsets[index]..<(offsets[index] + tensors[index].count) }
}
