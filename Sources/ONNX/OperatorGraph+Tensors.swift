extension OperatorGraph {
    /// Integers and small constants stay in the description; floating constants of more numbers are buffers.
    private static let mostConstants = 64, mostIntegers = 1 << 16

    /// The numbers of a graph's tensors.
    struct Numbers {
        /// In the order of `parameters` and of `buffers`, each tensor in the checkpoint's layout.
        var theta: [Double] = [], buffers: [Double] = []
        /// Whether a parameter is stored in Float64.
        var isDouble = false
    }

    /// Makes every tensor that the nodes read a parameter, a buffer or a constant.
    ///
    /// - Parameters:
    ///   - chosen: names of those that are θ.
    ///   - data: the bytes of a file beside the model's.
    mutating func place(
        _ sources: ONNXSources, _ rules: ParameterRules, parameters chosen: Set<String>,
        _ data: (String) throws -> [UInt8]
    ) throws -> Numbers {
        var numbers = Numbers()
        let read = Set(sources.nodes.flatMap(\.inputs))
        for name in sources.order where read.contains(name) {
            guard let source = sources.tensors[name] else { continue }
            var tensor = try source.values(data)
            guard !tensor.shape.contains(0) else {
                constants[name] = tensor
                continue
            }
            if let axis = rules.repeatedAxis(name, tensor, batch: exportedBatch) { tensor = tensor.once(along: axis) }
            let isStatistic = rules.isStatistic(name)
            let most = tensor.kind == .real ? Self.mostConstants : Self.mostIntegers
            var place = Tensor(name: name, shape: tensor.shape, filterAxis: 0, isStatistic: isStatistic)
            if chosen.contains(name) {
                guard tensor.values.allSatisfy(\.isFinite) else { throw ONNXError.nonFinite(name: name) }
                place.filterAxis = rules.filterAxis(name, rank: tensor.shape.count)
                numbers.theta += tensor.transposed(place.order, place.storedShape).values
                parameters.append(place)
                numbers.isDouble = numbers.isDouble || source.elementType == .float64
            } else if (isStatistic || rules.isParameter(source) || tensor.values.count > most) && !rules.isSetting(name)
            {
                // What was frozen is listed beside the parameters.
                numbers.buffers += tensor.values
                buffers.append(place)
            } else {
                if [.float32, .float64].contains(source.elementType), rules.isWritten(source) {
                    tensor.restoreRounded()
                }
                constants[name] = tensor
            }
        }
        return numbers
    }
}
