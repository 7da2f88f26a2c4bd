/// The objects that a pickle describes, all in one array.
///
/// Containers hold the places of others instead of the objects themselves, so that no file can make a chain or a cycle of
/// objects that takes deep recursion to walk or to free.
struct PickleGraph {
    typealias Place = Int

    enum Node {
        case none
        case boolean(Bool)
        case integer(Int)
        case real(Double)
        case text(String)
        case tuple([Place])
        case list([Place])
        /// In the order of insertion; of equal keys the last counts.
        case dictionary([(key: Place, value: Place)])
        /// A constructor of the allow-list.
        case constructor(PickleConstructor)
        /// Into `storages` and `tensors`.
        case storage(Int)
        case tensor(Int)
        /// Something well-formed that weights have no use for: bytes, sets, numbers of NumPy, a device.
        case ignored
        /// An object of an unknown name. It was not made.
        case unknown(String)
    }

    /// A block of numbers that tensors are views of.
    struct Storage {
        let key: String
        /// nil: bytes, whose tensors say themselves what they are.
        let type: ElementType?
        /// Numbers (bytes where there is no type) before the first, in a storage that is itself a part of another.
        let offset: Int
    }

    /// A view of a storage, in numbers.
    struct Tensor {
        let storage: Int
        let type: ElementType
        let offset: Int
        let shape: [Int], strides: [Int]
    }

    var nodes: [Node] = []
    var storages: [Storage] = []
    var tensors: [Tensor] = []

    subscript(place: Place) -> Node { nodes[place] }

    mutating func add(_ node: Node) -> Place {
        nodes.append(node)
        return nodes.count - 1
    }

    func text(_ place: Place) -> String? { if case .text(let text) = nodes[place] { text } else { nil } }
    func integer(_ place: Place) -> Int? { if case .integer(let number) = nodes[place] { number } else { nil } }

    /// The elements of a tuple or a list.
    func elements(_ place: Place) -> [Place]? {
        switch nodes[place] {
        case .tuple(let elements), .list(let elements): elements
        default: nil
        }
    }

    /// A tuple of whole numbers.
    func integers(_ place: Place) -> [Int]? {
        guard let elements = elements(place) else { return nil }
        let numbers = elements.compactMap(integer)
        return numbers.count == elements.count ? numbers : nil
    }

    /// The members of a dictionary under names, other keys left out.
    func members(_ place: Place) -> [(name: String, value: Place)]? {
        guard case .dictionary(let pairs) = nodes[place] else { return nil }
        var order: [String] = [], values: [String: Place] = [:]
        for (key, value) in pairs {
            guard let name = text(key) else { continue }
            if values.updateValue(value, forKey: name) == nil { order.append(name) }
        }
        return order.map { ($0, values[$0]!) }
    }
}
