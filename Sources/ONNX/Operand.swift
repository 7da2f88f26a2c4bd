import Autodiff

/// What a name of the model stands for while a graph is built.
enum Operand {
    case host(HostTensor)
    case graph(GraphTensor)

    var shape: [Int] {
        switch self {
        case .host(let tensor): tensor.shape
        case .graph(let tensor): tensor.shape
        }
    }

    var kind: HostTensor.Kind {
        switch self {
        case .host(let tensor): tensor.kind
        case .graph(let tensor): tensor.kind
        }
    }

    /// Whether its numbers are known now.
    var isHost: Bool { if case .host = self { true } else { false } }

    static func graph(_ value: Value, _ kind: HostTensor.Kind = .real) -> Operand { .graph(GraphTensor(value, kind)) }
}

/// A value of the graph as operators see it. Images (N×C×H×W to operators) may lie channels-last in the graph, as convolutions
/// and pools take them, so that what stands between two of them moves nothing.
struct GraphTensor {
    /// In the order it has in the graph.
    let stored: Value
    let isChannelsLast: Bool
    /// Integers and truth values are real numbers in the graph; those of the examples are indices.
    let kind: HostTensor.Kind

    init(_ value: Value, _ kind: HostTensor.Kind = .real) { (stored, isChannelsLast, self.kind) = (value, false, kind) }

    init(channelsLast value: Value, _ kind: HostTensor.Kind = .real) {
        (stored, isChannelsLast, self.kind) = (value, true, kind)
    }

    var shape: [Int] {
        isChannelsLast ? [0, 3, 1, 2].map { stored.shape[$0] } : stored.shape
    }

    /// In the order that operators see.
    var value: Value { isChannelsLast ? stored.permuted([0, 3, 1, 2]) : stored }

    /// Of four dimensions, N×H×W×C.
    var channelsLast: Value { isChannelsLast ? stored : stored.asReal().permuted([0, 2, 3, 1]) }
}
