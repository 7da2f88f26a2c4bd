/// Keeps track of where the batch lies in the values of a model that was exported for a fixed one, while its graph is built for
/// another.
///
/// Such a model holds literal shapes: [3, 784], or [49, 3 · 8, 32] where the batch is the second dimension and merged with heads. In
/// memory the batch is a factor of the index at a certain stride, which reshaping keeps. The stride, in elements, says which of
/// the target's extents the factor belongs to.
struct FixedBatch {
    /// The batch exported for, and the one built for.
    let exported: Int, batch: Int
    /// What every value was at export.
    let values: [String: ExportedValue]
    /// For values whose batch is merged with other dimensions: the extent at export, and how much of it lies within the batch.
    private var merged: [String: (extent: Int, inner: Int)] = [:]

    init(exported: Int, batch: Int, values: [String: ExportedValue]) {
        (self.exported, self.batch, self.values) = (exported, batch, values)
    }

    /// The dimension that grows with the batch; nil where there is none, or not only one.
    private func axis(_ then: [Int], _ now: [Int]) -> Int? {
        guard then.count == now.count else { return nil }
        let places = then.indices.filter { then[$0] != now[$0] }
        guard places.count == 1, let axis = places.first, then[axis] % exported == 0,
            now[axis] == then[axis] / exported * batch
        else { return nil }
        return axis
    }

    /// How many elements of a value lie within one step of the batch.
    private func stride(_ name: String, _ then: [Int], _ now: [Int]) -> Int? {
        guard let axis = axis(then, now) else { return nil }
        let inner = merged[name]?.inner ?? then[axis] / exported
        return then[(axis + 1)...].reduce(inner, *)
    }

    /// A constant that holds the same for each example of the batch exported for, once, where it meets values of this one.
    ///
    /// - Parameter shape: what it is to broadcast to.
    func shrunk(_ tensor: HostTensor, meeting shape: [Int]) -> HostTensor {
        var result = tensor
        for (axis, extent) in zip(tensor.shape.indices.reversed(), shape.reversed())
        where extent == batch && tensor.shape[axis] == exported && result.isRepeated(along: axis) {
            result = result.once(along: axis)
        }
        return result
    }

    /// The target of a reshape for this batch.
    func reshape(_ node: OperatorGraph.Node, _ now: [Int], _ target: [Int]) -> [Int] {
        guard let then = values[node.inputs[0]]?.shape, var result = node.outputs.first.flatMap({ values[$0]?.shape }),
            let stride = stride(node.inputs[0], then, now)
        else { return target }
        var rows = result, next = 1  // elements within a step of each dimension
        for i in result.indices.reversed() {
            rows[i] = next
            next *= result[i]
        }
        let places = result.indices.filter {
            rows[$0] <= stride && stride % rows[$0] == 0 && rows[$0] * result[$0] % (stride * exported) == 0
        }
        // With a batch of 1 several may do: a dimension of its own; else, where dimensions are merged, the outer one.
        let own = places.first { result[$0] == exported && rows[$0] == stride }
        guard let place = own ?? (result.count < then.count ? places.first : places.last) else { return target }
        result[place] = result[place] / exported * batch
        return result
    }

    /// Notes where the batch lies in what a node gives.
    mutating func follow(_ node: OperatorGraph.Node, _ shape: (String) -> [Int]?) {
        let keepsOrder = ["Reshape", "Flatten", "Squeeze", "Unsqueeze"].contains(node.kind)
        for name in node.outputs {
            guard let then = values[name]?.shape, let now = shape(name), let axis = axis(then, now) else { continue }
            if keepsOrder, let input = node.inputs.first, let from = values[input]?.shape, let given = shape(input),
                let stride = stride(input, from, given)
            {
                merged[name] = (then[axis], max(1, stride / then[(axis + 1)...].reduce(1, *)))
            } else if let found = node.inputs.compactMap({ merged[$0] }).first(where: { $0.extent == then[axis] }) {
                merged[name] = found
            }
        }
    }
}
