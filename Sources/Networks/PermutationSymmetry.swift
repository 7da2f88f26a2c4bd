import Autodiff

/// The permutations of a network's hidden units, read off its graph: reordering the units of a hidden dimension in every tensor that counts them
/// gives another θ of the same function (Hecht-Nielsen 1990; Ainsworth et al. 2022, arXiv 2209.04836).
///
/// ```swift
/// let symmetry = PermutationSymmetry(of: network)
/// let (theta, buffers) = symmetry.permuted(model.theta, model.buffers, by: permutations)
/// ```
public struct PermutationSymmetry: Sendable {
    /// Units whose order is free.
    public struct Dimension: Sendable, Hashable {
        /// The first tensor that has them for its first axis, or else the first that has them.
        public let name: String
        /// How many they are.
        public let size: Int
    }

    /// The hidden dimensions, in the order in which parameters have them.
    public let dimensions: [Dimension]
    /// What each axis of each tensor counts.
    public let parameters: [[AxisForm]], buffers: [[AxisForm]]
    /// Tensors of at least two dimensions in which no axis may be permuted, by name.
    public let fixed: [String]
    private let layouts: (parameters: ParameterLayout, buffers: ParameterLayout)

    /// The symmetry of a network.
    public init(of network: Network) {
        let built = network.build(in: Graph(), batch: network.onlyBatch ?? 1, batchNorm: .stored)
        let found = HiddenDimensions(
            of: built.parameters + built.buffers, free: built.parameters.count, outputs: [built.output])
        parameters = Array(found.axes.prefix(built.parameters.count))
        buffers = Array(found.axes.dropFirst(built.parameters.count))
        layouts = (network.parameters, network.buffers)
        let tensors = network.parameters.tensors, axes = parameters
        dimensions = found.sizes.enumerated().map { number, size in
            let first = axes.firstIndex { $0.first?.dimensions.contains(number) ?? false }
            let any = axes.firstIndex { $0.contains { $0.dimensions.contains(number) } }
            return Dimension(name: tensors[first ?? any!].name, size: size)
        }
        fixed = zip(tensors, axes).filter { $0.shape.count > 1 && $1.allSatisfy { $0.dimensions.isEmpty } }.map(
            \.0.name)
    }

    /// The identity of every dimension.
    public var identity: [[Int]] { dimensions.map { Array(0..<$0.size) } }

    /// θ and buffers of the network whose unit i of a dimension is the unit `permutations[dimension][i]` of the one given.
    ///
    /// - Precondition: vectors of the network's lengths, and a permutation of each dimension.
    public func permuted(
        _ theta: [Double], _ buffers: [Double], by permutations: [[Int]]
    ) -> (theta: [Double], buffers: [Double]) {
        (
            permuted(theta, by: permutations),
            Self.permuted(buffers, layouts.buffers, self.buffers, by: permutations)
        )
    }

    /// θ alone.
    package func permuted(_ theta: [Double], by permutations: [[Int]]) -> [Double] {
        Self.permuted(theta, layouts.parameters, parameters, by: permutations)
    }

    private static func permuted(
        _ values: [Double], _ layout: ParameterLayout, _ axes: [[AxisForm]], by permutations: [[Int]]
    ) -> [Double] {
        precondition(values.count == layout.count, "\(values.count) numbers of \(layout.count)")
        var result = values
        for (index, forms) in axes.enumerated() where forms.contains(where: { !$0.dimensions.isEmpty }) {
            gather(values, layout, index, forms, by: permutations, to: &result)
        }
        return result
    }

    /// One tensor of θ with its units in another order, in its place in another vector.
    package func permute(
        tensor index: Int, of theta: [Double], by permutations: [[Int]], to result: inout [Double]
    ) {
        Self.gather(theta, layouts.parameters, index, parameters[index], by: permutations, to: &result)
    }

    private static func gather(
        _ values: [Double], _ layout: ParameterLayout, _ index: Int, _ forms: [AxisForm], by permutations: [[Int]],
        to result: inout [Double]
    ) {
        let shape = layout.tensors[index].shape, sources = forms.map { $0.sources(permutations) }
        // Axes behind the last that is permuted are copied as they are.
        let free = 1 + (forms.lastIndex { !$0.dimensions.isEmpty } ?? -1), block = shape[free...].reduce(1, *)
        var strides = [Int](repeating: block, count: free)
        for axis in 0..<free where axis < free - 1 { strides[axis] = shape[(axis + 1)...].reduce(1, *) }
        var place = layout.offsets[index]
        values.withUnsafeBufferPointer { values in
            result.withUnsafeMutableBufferPointer { result in
                func walk(_ axis: Int, _ offset: Int) {
                    guard axis < free else {
                        for i in 0..<block { result[place + i] = values[offset + i] }
                        place += block
                        return
                    }
                    for source in sources[axis] { walk(axis + 1, offset + source * strides[axis]) }
                }
                walk(0, place)
            }
        }
    }
}

extension AxisForm {
    /// Where each place along the axis comes from, for permutations of the dimensions.
    package func sources(_ permutations: [[Int]]) -> [Int] {
        switch self {
        case .fixed(let size): return Array(0..<size)
        case .hidden(let number, _): return permutations[number]
        case .sum(let parts):
            var first = 0
            return parts.flatMap { part in
                defer { first += part.size }
                return part.sources(permutations).map { first + $0 }
            }
        case .product(let parts):
            return parts.reduce([0]) { places, part in
                let inner = part.sources(permutations), size = part.size
                return places.flatMap { place in inner.map { place * size + $0 } }
            }
        }
    }

    /// The occurrences of a dimension: for each, the places along the axis of every unit, in the same order for all units.
    package func places(of dimension: Int) -> [[[Int]]] {
        switch self {
        case .fixed: return []
        case .hidden(let number, let size): return number == dimension ? [(0..<size).map { [$0] }] : []
        case .sum(let parts):
            var first = 0
            return parts.flatMap { part in
                defer { first += part.size }
                return part.places(of: dimension).map { $0.map { $0.map { first + $0 } } }
            }
        case .product(let parts):
            return parts.indices.flatMap { index -> [[[Int]]] in
                let before = parts[..<index].reduce(1) { $0 * $1.size }, size = parts[index].size
                let after = parts[(index + 1)...].reduce(1) { $0 * $1.size }
                return parts[index].places(of: dimension).map { units in
                    units.map { own in
                        (0..<before).flatMap { outer in
                            own.flatMap { place in (0..<after).map { (outer * size + place) * after + $0 } }
                        }
                    }
                }
            }
        }
    }
}
