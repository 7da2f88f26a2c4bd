/// Reads pickles, Python's form of saved objects, without executing anything: a machine with a stack and a memory whose
/// operations make containers, numbers, text and what `PickleConstructor` lists. Format: PEP 3154 and `pickletools`.
///
/// Every operation adds at most one object, and their number is bounded, so that time and memory are bounded too.
struct Unpickler {
    private(set) var graph = PickleGraph()
    /// The next byte to be read.
    private(set) var position: Int
    private let bytes: [UInt8]
    private var stack: [Int] = []
    /// Heights of the stack at the marks set so far.
    private var marks: [Int] = []
    private var memory: [Int: Int] = [:]
    private var operations = 0

    /// The weights of a network of 100 000 tensors take fewer.
    static let mostOperations = 4_000_000

    /// Reads from a place in a file on; several pickles may follow one another.
    init(_ bytes: [UInt8], at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    /// Reads one pickle and gives the place of its object.
    mutating func next() throws(PyTorchError) -> Int {
        (stack, marks, memory) = ([], [], [:])
        while true {
            operations += 1
            guard operations <= Self.mostOperations else { throw .tooManyOperations(Self.mostOperations) }
            let code = try byte()
            if code == UInt8(ascii: ".") { return try pop() }
            try perform(code)
        }
    }

    private mutating func perform(_ code: UInt8) throws(PyTorchError) {
        switch code {
        case 0x80:  // PROTO
            guard try byte() <= 5 else { throw malformed("a protocol that Python 3 does not have") }
        case 0x95: try skip(8)  // FRAME
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: "0"): if stack.count == marks.last { marks.removeLast() } else { _ = try pop() }
        case UInt8(ascii: "1"): _ = try popMark()
        case UInt8(ascii: "2"): stack.append(try top())
        case UInt8(ascii: "N"): push(.none)
        case 0x88: push(.boolean(true))
        case 0x89: push(.boolean(false))
        case UInt8(ascii: "K"): push(.integer(Int(try byte())))
        case UInt8(ascii: "M"): push(.integer(Int(try number(UInt16.self))))
        case UInt8(ascii: "J"): push(.integer(Int(Int32(bitPattern: try number(UInt32.self)))))
        case 0x8A: push(Self.long(try take(Int(try byte()))))
        case 0x8B: push(Self.long(try take(try length(UInt32.self))))
        case UInt8(ascii: "G"): push(.real(Double(bitPattern: try number(UInt64.self).byteSwapped)))
        case UInt8(ascii: "X"), UInt8(ascii: "T"): push(text(try take(try length(UInt32.self))))
        case 0x8C, UInt8(ascii: "U"): push(text(try take(Int(try byte()))))
        case 0x8D: push(text(try take(try length(UInt64.self))))
        case UInt8(ascii: "B"): try ignore(try length(UInt32.self))
        case UInt8(ascii: "C"): try ignore(Int(try byte()))
        case 0x8E, 0x96: try ignore(try length(UInt64.self))
        case UInt8(ascii: "]"): push(.list([]))
        case UInt8(ascii: "}"): push(.dictionary([]))
        case UInt8(ascii: ")"): push(.tuple([]))
        case 0x8F: push(.ignored)  // EMPTY_SET
        case UInt8(ascii: "l"): push(.list(try popMark()))
        case UInt8(ascii: "t"): push(.tuple(try popMark()))
        case 0x91:  // FROZENSET
            _ = try popMark()
            push(.ignored)
        case 0x85...0x87: push(.tuple(try pop(Int(code) - 0x84)))
        case UInt8(ascii: "d"):
            let items = try popMark()
            push(.dictionary([]))
            try extendDictionary(items)
        case UInt8(ascii: "a"): try extendList(try pop(1))
        case UInt8(ascii: "e"), 0x90: try extendList(try popMark())  // ADDITEMS likewise
        case UInt8(ascii: "s"): try extendDictionary(try pop(2))
        case UInt8(ascii: "u"): try extendDictionary(try popMark())
        case UInt8(ascii: "q"): memory[Int(try byte())] = try top()
        case UInt8(ascii: "r"): memory[try length(UInt32.self)] = try top()
        case 0x94: memory[memory.count] = try top()
        case UInt8(ascii: "h"): try recall(Int(try byte()))
        case UInt8(ascii: "j"): try recall(try length(UInt32.self))
        case UInt8(ascii: "c"): push(.constructor(try PickleConstructor(module: try line(), name: try line())))
        case 0x93:
            let names = try pop(2)
            guard let module = graph.text(names[0]), let name = graph.text(names[1]) else {
                throw malformed("a constructor without a name")
            }
            push(.constructor(try PickleConstructor(module: module, name: name)))
        case UInt8(ascii: "R"), 0x81:
            let operands = try pop(2)
            push(try graph.make(operands[0], operands[1]))
        case 0x92:  // NEWOBJ_EX: keywords on top
            let operands = try pop(3)
            push(try graph.make(operands[0], operands[1]))
        case UInt8(ascii: "b"):
            _ = try pop()
            // Attributes of a dictionary (PyTorch's `_metadata`) or of something of no use.
            switch graph[try top()] {
            case .dictionary, .ignored, .unknown, .tensor, .list, .tuple: break
            default: throw malformed("attributes for something that has none")
            }
        case UInt8(ascii: "Q"): push(try graph.storage(try pop()))
        default: throw .unknownOperation(code, at: position - 1)
        }
    }

    // MARK: The stack

    private mutating func push(_ node: PickleGraph.Node) { stack.append(graph.add(node)) }

    private func top() throws(PyTorchError) -> Int {
        guard let place = stack.last, stack.count > marks.last ?? 0 else {
            throw malformed("an object that is not there")
        }
        return place
    }

    private mutating func pop() throws(PyTorchError) -> Int {
        let place = try top()
        stack.removeLast()
        return place
    }

    /// The last ones, the topmost at the end.
    private mutating func pop(_ count: Int) throws(PyTorchError) -> [Int] {
        guard stack.count - (marks.last ?? 0) >= count else { throw malformed("objects that are not there") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popMark() throws(PyTorchError) -> [Int] {
        guard let height = marks.popLast() else { throw malformed("no mark where one is needed") }
        defer { stack.removeLast(stack.count - height) }
        return Array(stack[height...])
    }

    private mutating func recall(_ key: Int) throws(PyTorchError) {
        guard let place = memory[key] else { throw malformed("an object that was not remembered") }
        stack.append(place)
    }

    private mutating func extendList(_ items: [Int]) throws(PyTorchError) {
        let place = try top()
        switch graph.nodes[place] {
        case .list(var list):
            graph.nodes[place] = .none  // so that the list is extended in place
            list += items
            graph.nodes[place] = .list(list)
        case .ignored, .unknown: break
        default: throw malformed("elements for something that is no list")
        }
    }

    private mutating func extendDictionary(_ items: [Int]) throws(PyTorchError) {
        let place = try top()
        guard items.count.isMultiple(of: 2) else { throw malformed("a key without a value") }
        switch graph.nodes[place] {
        case .dictionary(var pairs):
            graph.nodes[place] = .none
            for index in stride(from: 0, to: items.count, by: 2) { pairs.append((items[index], items[index + 1])) }
            graph.nodes[place] = .dictionary(pairs)
        case .ignored, .unknown: break
        default: throw malformed("members for something that is no dictionary")
        }
    }

    // MARK: The bytes

    private func malformed(_ what: String) -> PyTorchError { .malformed(what, at: position) }

    private mutating func byte() throws(PyTorchError) -> UInt8 {
        guard position < bytes.count else { throw .truncated(at: position) }
        position += 1
        return bytes[position - 1]
    }

    private mutating func number<Word: FixedWidthInteger>(_ type: Word.Type) throws(PyTorchError) -> Word {
        guard let value = ByteReader(bytes: bytes).littleEndian(type, at: position) else {
            throw .truncated(at: position)
        }
        position += MemoryLayout<Word>.size
        return value
    }

    private mutating func length<Word: FixedWidthInteger>(_ type: Word.Type) throws(PyTorchError) -> Int {
        guard let value = Int(exactly: try number(type)) else { throw .truncated(at: position) }
        return value
    }

    private mutating func skip(_ count: Int) throws(PyTorchError) {
        guard count >= 0, count <= bytes.count - position else { throw .truncated(at: position) }
        position += count
    }

    private mutating func take(_ count: Int) throws(PyTorchError) -> ArraySlice<UInt8> {
        let start = position
        try skip(count)
        return bytes[start..<position]
    }

    private mutating func ignore(_ count: Int) throws(PyTorchError) {
        try skip(count)
        push(.ignored)
    }

    private func text(_ bytes: ArraySlice<UInt8>) -> PickleGraph.Node { .text(String(decoding: bytes, as: UTF8.self)) }

    private mutating func line() throws(PyTorchError) -> String {
        let limit = min(bytes.count, position + 1000)
        guard let end = bytes[position..<limit].firstIndex(of: 0x0A) else { throw .truncated(at: position) }
        defer { position = end + 1 }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }

    /// A whole number of any length, of which up to eight bytes are kept: no size or place is longer.
    private static func long(_ bytes: ArraySlice<UInt8>) -> PickleGraph.Node {
        guard bytes.count <= 8 else { return .ignored }
        var value = bytes.last.map { $0 >= 0x80 ? -1 : 0 } ?? 0
        for byte in bytes.reversed() { value = value << 8 | Int(byte) }
        return .integer(value)
    }
}
