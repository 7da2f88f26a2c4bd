import Essentials
import Foundation
import Synchronization
import Tensors

/// The processes that compute together, one a rank, as `mpirun`, `mpiexec` or `srun` has started them.
///
/// All run the same work on the same data. They share the batches of sums, and every rank gets the whole sums, so that all that
/// is computed from them is the same everywhere. Calls are for one thread, the one that works, and every rank makes the same ones in
/// the same order; `check` is for any thread.
public final class Team: @unchecked Sendable {
    // `current` is behind a lock, the messenger has its own, and all else belongs to the thread that works.

    /// Which of them this process is, from 0.
    public let rank: Int
    /// How many there are.
    public let count: Int
    /// The version of MPI, and the file it is in.
    public let library: String
    /// The name of each rank's machine.
    public private(set) var hosts: [String] = []
    /// The most threads of a rank, for what has to be the same on all.
    public private(set) var mostThreads = 1
    private let messenger: Messenger
    private let outgoing = Staging(), incoming = Staging()
    /// Messages of each exchange bear its number, so that ranks that do different things notice.
    private var exchanges: UInt64 = 0

    private static let shared = Mutex((team: Team?.none, isAlone: false))

    /// The team that this process belongs to; `nil` for a process alone, and within `alone(_:)`.
    public static var current: Team? { shared.withLock { $0.isAlone ? nil : $0.team } }

    /// Runs work that the other ranks do not share, such as one of several parts that each rank has one of.
    public static func alone<Result>(_ work: () throws -> Result) rethrows -> Result {
        let former = shared.withLock { shared in
            defer { shared.isAlone = true }
            return shared.isAlone
        }
        defer { shared.withLock { $0.isAlone = former } }
        return try work()
    }

    /// Loads the launcher's library, starts MPI, and makes sure that all ranks have the same program and request.
    ///
    /// Where processors are shared by ranks, threads are by default as many as this rank's part of them.
    ///
    /// - Parameters:
    ///   - launch: how this process was started.
    ///   - traits: what has to be the same on all ranks, such as the program's version, by name.
    ///   - onStuck: called on a thread of its own where a rank is gone and the work does not notice in time.
    /// - Throws: `RankError`.
    public static func start(
        _ launch: Launch, traits: [(name: String, value: String)], onStuck: @escaping @Sendable (RankError) -> Void
    ) throws {
        let library = try launch.load()
        let messenger = Messenger(launch, library: library)
        messenger.onStuck = onStuck
        let (rank, count) = try messenger.start()
        let team = Team(messenger, rank: rank, count: count, library: library)
        try team.meet(traits)
        shared.withLock { $0.team = team }
    }

    private init(_ messenger: Messenger, rank: Int, count: Int, library: String) {
        (self.messenger, self.rank, self.count, self.library) = (messenger, rank, count, library)
    }

    private func meet(_ traits: [(name: String, value: String)]) throws {
        hosts = try gather(Self.hostName).map { $0 }
        messenger.name(hosts)
        for (name, value) in traits { try confirm(name, value) }
        let local = hosts.count { $0 == hosts[rank] }
        MachineMemory.agree(on: try least(MachineMemory.usable / local))
        Threads.shareProcessors(among: local)
        mostThreads = try gather("\(Threads.count)").compactMap { Int($0) }.max() ?? 1
    }

    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "?" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Ends work whose other ranks are gone. For any thread.
    ///
    /// - Throws: `RankError`.
    public func check() throws { try messenger.check() }

    /// Ends all ranks. Rank 0 decides: it returns, to end itself; other ranks report an error and wait for that.
    ///
    /// - Parameters:
    ///   - code: the exit code.
    ///   - text: what is wrong, for rank 0 to tell.
    public func end(_ code: Int32, _ text: String = "") { messenger.end(code, text) }

    // MARK: Agreement

    /// Makes sure that something is the same on all ranks.
    ///
    /// - Parameters:
    ///   - name: what it is called.
    ///   - value: it, or a digest of it; of several words with zeros between, a message shows those that differ.
    /// - Throws: `RankError.different` on rank 0; the others wait for the end.
    public func confirm(_ name: String, _ value: String) throws {
        let values = try gather(value)
        guard rank == 0, let other = values.firstIndex(where: { $0 != value }) else { return }
        let (found, expected) = Self.difference(values[other], value)
        throw RankError.different(what: name, rank: other, host: hosts[other], found: found, expected: expected)
    }

    /// Two texts as a message may show them: where they are words with zeros between, from the word before the first that differs.
    static func difference(_ a: String, _ b: String) -> (String, String) {
        let words = [a, b].map { $0.split(separator: "\u{0}", omittingEmptySubsequences: false) }
        let same = max(1, zip(words[0], words[1]).prefix { $0 == $1 }.count) - 1
        let rest = words.map { (same > 0 ? "… " : "") + $0.dropFirst(same).joined(separator: " ").shown }
        return (rest[0], rest[1])
    }

    /// The least of the ranks' numbers, such as the bytes of memory that each may take.
    public func least(_ number: Int) throws -> Int { try gather("\(number)").compactMap { Int($0) }.min() ?? number }

    /// The texts of all ranks.
    public func gather(_ text: String) throws -> [String] {
        let bytes = Array(text.utf8)
        let lengths = try gather([Double(bytes.count)], counts: [Int](repeating: 1, count: count)).map { Int($0) }
        let words = bytes.chunksOfEight.map { Double(bitPattern: $0) }
        let all = try gather(words, counts: lengths.map { ($0 + 7) / 8 })
        var place = 0
        return lengths.map { length in
            defer { place += (length + 7) / 8 }
            let bytes = all[place..<place + (length + 7) / 8].flatMap { word in
                (0..<8).map { UInt8(truncatingIfNeeded: word.bitPattern >> UInt64(8 * $0)) }
            }
            return String(decoding: bytes.prefix(length), as: UTF8.self)
        }
    }

    /// Numbers of rank 0, for all; `nil` where it has none. What other ranks give is not looked at.
    public func broadcast(_ numbers: [Double]?) throws -> [Double]? {
        var counts = [Int](repeating: 0, count: count)
        counts[0] = 1
        let length = try gather(rank == 0 ? [numbers.map { Double($0.count) } ?? -1] : [], counts: counts)[0]
        guard length >= 0 else { return nil }
        counts[0] = Int(length)
        return try gather(rank == 0 ? numbers! : [], counts: counts)
    }

    /// The numbers of all ranks, one after another.
    ///
    /// - Parameter counts: how many each has, which all know.
    public func gather(_ own: [Double], counts: [Int]) throws -> [Double] {
        precondition(own.count == counts[rank], "\(own.count) numbers of rank \(rank), not \(counts[rank])")
        var result = [Double](repeating: 0, count: counts.reduce(0, +)), offsets = [0]
        for length in counts { offsets.append(offsets.last! + length) }
        result.replaceSubrange(offsets[rank]..<offsets[rank + 1], with: own)
        let most = counts.max() ?? 0
        for first in stride(from: 0, to: most, by: Self.mostNumbers) {
            func part(_ rank: Int) -> Range<Int> {
                min(first, counts[rank])..<min(first + Self.mostNumbers, counts[rank])
            }
            try exchange {
                _ in
                part(rank).count
            } receive: {
                part($0).count
            } fill: { _, target in
                own.withUnsafeBufferPointer {
                    target.initialize(from: $0.baseAddress! + part(rank).lowerBound, count: part(rank).count)
                }
            } take: { peer, source in
                result.withUnsafeMutableBufferPointer { result in
                    (result.baseAddress! + offsets[peer] + part(peer).lowerBound)
                        .update(from: source, count: part(peer).count)
                }
            }
        }
        return result
    }

    // MARK: Messages

    /// Numbers of a message at most, so that buffers stay small: 8 MB.
    static let mostNumbers = 1 << 20
    /// Bytes before the numbers of a message: the number of the exchange, and how many numbers there are.
    private static let headBytes = 16

    /// Sends numbers to every other rank and receives some from each.
    ///
    /// - Parameters:
    ///   - send: how many go to a rank.
    ///   - receive: how many come from a rank.
    ///   - fill: writes those that go to a rank.
    ///   - take: takes those that have come from a rank.
    func exchange(
        send: (_ peer: Int) -> Int, receive: (_ peer: Int) -> Int,
        fill: (_ peer: Int, UnsafeMutablePointer<Double>) -> Void,
        take: (_ peer: Int, UnsafePointer<Double>) throws -> Void
    ) throws {
        exchanges += 1
        // Neighbours first, so that not all send to one at the same time.
        let peers = (1..<count).map { (rank + $0) % count }
        func offsets(_ numbers: (Int) -> Int) -> [Int] {
            peers.reduce(into: [0]) { $0.append($0.last! + (numbers($1) > 0 ? Self.headBytes + 8 * numbers($1) : 0)) }
        }
        let (out, into) = (offsets(send), offsets(receive))
        outgoing.reserve(out.last!)
        incoming.reserve(into.last!)
        var messages: [Transfer.Message] = []
        for (place, peer) in peers.enumerated() {
            if receive(peer) > 0 {
                messages.append(
                    .init(
                        peer: peer, isSent: false, address: incoming.address + into[place],
                        bytes: into[place + 1] - into[place]))
            }
            guard send(peer) > 0 else { continue }
            let address = outgoing.address + out[place]
            address.storeBytes(of: exchanges, as: UInt64.self)
            address.storeBytes(of: UInt64(send(peer)), toByteOffset: 8, as: UInt64.self)
            fill(peer, (address + Self.headBytes).bindMemory(to: Double.self, capacity: send(peer)))
            messages.append(
                .init(peer: peer, isSent: true, address: address, bytes: out[place + 1] - out[place]))
        }
        if !messages.isEmpty { try messenger.perform(Transfer(messages)) }
        for (place, peer) in peers.enumerated() where receive(peer) > 0 {
            let address = incoming.address + into[place]
            let number = address.load(as: UInt64.self), length = address.load(fromByteOffset: 8, as: UInt64.self)
            guard number == exchanges, length == receive(peer) else {
                throw RankError.transfer(
                    rank: peer, host: hosts.indices.contains(peer) ? hosts[peer] : "?",
                    reason: "exchange \(number) of \(length) numbers came, expected \(exchanges) of \(receive(peer))")
            }
            try take(
                peer, UnsafePointer((address + Self.headBytes).bindMemory(to: Double.self, capacity: receive(peer))))
        }
    }
}

extension [UInt8] {
    /// Eight bytes to a word, the first one lowest; zeros fill the last.
    fileprivate var chunksOfEight: [UInt64] {
        stride(from: 0, to: count, by: 8).map { first in
            (first..<Swift.min(first + 8, count)).reduce(0) { $0 | UInt64(self[$1]) << UInt64(8 * ($1 - first)) }
        }
    }
}
