import Landscape

/// What a case does to a file: a function of seed and number alone.
struct Damage {
    private let numbers: RandomNumbers
    private let number: Int

    init(seed: UInt64, number: Int) {
        numbers = RandomNumbers(seed: seed).named("damage")
        self.number = number
    }

    private func draw(_ index: Int, below bound: Int) -> Int {
        Int(numbers.bits(at: 16 * number + index) % UInt64(max(1, bound)))
    }

    /// Whether it is flipped bits; all but every eighth case.
    var flipsBits: Bool { number % 8 != 7 }

    func applied(to bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        guard !bytes.isEmpty else { return result }
        if flipsBits {
            for flip in 0...(draw(0, below: 8) / 2) {
                let place = draw(1 + flip, below: 8 * bytes.count)
                result[place / 8] ^= 1 << UInt8(place % 8)
            }
            return result
        }
        let start = draw(1, below: bytes.count), length = min(1 + draw(2, below: 32), bytes.count - start)
        let part = Array(bytes[start..<(start + length)])
        switch draw(0, below: 5) {
        case 0: result = Array(bytes[..<start])
        case 1: result.removeSubrange(start..<(start + length))
        case 2: result.insert(contentsOf: part, at: draw(3, below: bytes.count))
        case 3:
            result.replaceSubrange(
                start..<(start + length), with: part.map { _ in [0, 0xFF, 0x7F, 0x80][draw(3, below: 4)] })
        default:
            let other = draw(3, below: bytes.count - length + 1)
            for i in 0..<length { result[other + i] = part[i] }
        }
        return result
    }
}
