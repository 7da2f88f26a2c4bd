import CMessages

/// Memory for messages, which stays as long as the process: a transfer that was given up may still write to it.
final class Staging {
    private(set) var address = UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 64)
    private var bytes = 16

    /// Room for so many bytes. What was there is lost.
    func reserve(_ bytes: Int) {
        guard bytes > self.bytes else { return }
        address.deallocate()
        address = .allocate(byteCount: bytes, alignment: 64)
        self.bytes = bytes
    }
}

/// Messages that are sent and received together.
///
/// The thread that works makes it, and the messenger alone uses it until `isDone`, which both read and write under the messenger's lock.
final class Transfer: @unchecked Sendable {
    struct Message {
        let peer: Int, isSent: Bool
        let address: UnsafeMutableRawPointer, bytes: Int
        var request = ls_mpi_request()
        var isBegun = false, isDone = false
    }

    private var messages: [Message], rest: [Message]
    var isDone = false
    /// Whether all peers have come to the transfer: what is left moves as fast as it is looked after.
    private(set) var isMoving = false

    /// Bytes of a message that go ahead of the rest: where a peer still computes, they wait for it.
    private static let ahead = 8192

    init(_ messages: [Message]) {
        self.messages = messages.map {
            Message(peer: $0.peer, isSent: $0.isSent, address: $0.address, bytes: min($0.bytes, Self.ahead))
        }
        rest = messages.filter { $0.bytes > Self.ahead }.map {
            Message(
                peer: $0.peer, isSent: $0.isSent, address: $0.address + Self.ahead, bytes: $0.bytes - Self.ahead)
        }
    }

    static let tag: Int32 = 1

    /// What became of a look at the messages.
    enum Step {
        case waiting, moved, done
        case failed(peer: Int, code: Int32)
    }

    /// Begins what is not begun, and looks which messages have arrived.
    func advance() -> Step {
        var open = false, moved = false
        for place in messages.indices where !messages[place].isDone {
            if !messages[place].isBegun {
                guard let code = begin(place) else { continue }
                return .failed(peer: messages[place].peer, code: code)
            }
        }
        for place in messages.indices where !messages[place].isDone {
            var done: Int32 = 0
            let code = ls_mpi_test(&messages[place].request, &done)
            guard code == 0 else { return .failed(peer: messages[place].peer, code: code) }
            messages[place].isDone = done != 0
            if done != 0 { moved = true } else { open = true }
        }
        guard !open else { return moved ? .moved : .waiting }
        guard !rest.isEmpty else { return .done }
        (messages, rest, isMoving) = (rest, [], true)
        return .moved
    }

    /// - Returns: MPI's error; nil for none.
    private func begin(_ place: Int) -> Int32? {
        messages[place].isBegun = true
        let message = messages[place], bytes = Int32(message.bytes), peer = Int32(message.peer)
        let code =
            message.isSent
            ? ls_mpi_send(message.address, bytes, peer, Self.tag, &messages[place].request)
            : ls_mpi_receive(message.address, bytes, peer, Self.tag, &messages[place].request)
        return code == 0 ? nil : code
    }
}

/// A short message by which ranks tell each other how they are.
struct Notice {
    enum Kind: UInt8 {
        /// A sign of life.
        case alive
        /// This rank was asked to stop.
        case stop
        /// This rank has failed.
        case failed
        /// All are to end, with a code.
        case end
        /// The last of a rank.
        case bye
    }

    static let tag: Int32 = 2
    static let size = 512

    var kind: Kind
    var code: Int32 = 0
    var text = ""

    var bytes: [UInt8] {
        let text = Array(self.text.utf8.prefix(Self.size - 8))
        var bytes = [kind.rawValue, 0, UInt8(text.count & 255), UInt8(text.count >> 8)]
        withUnsafeBytes(of: code.littleEndian) { bytes += $0 }
        bytes += text
        return bytes + [UInt8](repeating: 0, count: Self.size - bytes.count)
    }

    init(_ kind: Kind, code: Int32 = 0, text: String = "") { (self.kind, self.code, self.text) = (kind, code, text) }

    init?(_ bytes: UnsafeRawBufferPointer) {
        guard let kind = Kind(rawValue: bytes[0]) else { return nil }
        self.kind = kind
        code = Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: Int32.self))
        let length = min(Int(bytes[2]) | Int(bytes[3]) << 8, Self.size - 8)
        text = String(decoding: bytes[8..<8 + length], as: UTF8.self)
    }
}
