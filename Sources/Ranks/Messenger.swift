import CMessages
import Essentials
import Foundation

/// The one thread that calls MPI: it moves messages, tells other ranks that this one is alive, and learns how they are, also while the
/// thread that works computes or is stuck.
///
/// Rank 0 decides when all end. The others hear from it, and end by themselves where they do not.
final class Messenger: @unchecked Sendable {
    /// Seconds between signs of life, and without one until a rank counts as lost. Rank 0, which keeps what is finished, is the first to
    /// give up.
    static let beat = 1.0, patience = 5.0, patienceOfOthers = 6.5
    /// Seconds that a start of MPI may take: it waits for all ranks, also for one that runs another command and never starts MPI.
    private static let patienceAtStart = 60.0
    /// Seconds that the thread which works has to notice a failure, and that ranks have to say goodbye.
    private static let grace = 2.0, farewell = 3.0

    private let launch: Launch
    private let library: String
    // All below is read and written under the lock, but what belongs to the messenger's thread.
    private let lock = NSCondition()
    private var started: Result<(rank: Int, count: Int), RankError>?
    private var transfer: Transfer?
    private var failure: (error: RankError, time: Double, isSevere: Bool)?
    private var isNoticed = false
    private var ending: Int32?, isEnded = false
    private var report: Notice?
    private var hosts: [String] = []
    /// Called where a failure is not noticed in time by the thread that works.
    var onStuck: (@Sendable (RankError) -> Void)?

    // Of the messenger's thread alone.
    private var rank = 0, count = 1
    private var heard: [Double] = [], isGone: [Bool] = []
    private var inbox: [UnsafeMutableRawBufferPointer] = [], receiving: [ls_mpi_request] = []
    private var outbox: [(peer: Int, bytes: UnsafeMutableRawPointer, request: ls_mpi_request)] = []
    private var lastBeat = 0.0, lastLook = 0.0, hasForwarded = false, hasLost = false, hasSaidEnd: Double?

    init(_ launch: Launch, library: String) { (self.launch, self.library) = (launch, library) }

    private static var now: Double { Double(clock_gettime_nsec()) * 1e-9 }

    private static func clock_gettime_nsec() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    // MARK: For the thread that works

    /// Starts MPI. Ends the process where other ranks do not start it: nothing else ends a thread that waits for them within MPI.
    func start() throws -> (rank: Int, count: Int) {
        let thread = Thread { self.serve() }
        thread.stackSize = 8 << 20
        thread.start()
        let last = Date(timeIntervalSinceNow: Self.patienceAtStart)
        return try lock.withLock {
            while started == nil {
                guard lock.wait(until: last) || started != nil else {
                    onStuck?(.alone(library: library, seconds: Int(Self.patienceAtStart)))
                    _exit(1)
                }
            }
            return try started!.get()
        }
    }

    /// What ranks are called in messages.
    func name(_ hosts: [String]) { lock.withLock { self.hosts = hosts } }

    /// Sends and receives messages.
    func perform(_ new: Transfer) throws {
        try lock.withLock {
            transfer = new
            lock.broadcast()
            var stopped: Double?
            while !new.isDone {
                if let failure, rank == 0 {
                    isNoticed = true
                    throw failure.error
                }
                if rank == 0, StopRequest.isMade {
                    // Others may hand in what ends this step of the work.
                    stopped = stopped ?? Self.now
                    if Self.now - stopped! > 0.5 { throw Interruption() }
                }
                lock.wait(until: Date(timeIntervalSinceNow: 0.05))
            }
        }
    }

    /// Ends work on rank 0 whose other ranks are gone.
    func check() throws {
        try lock.withLock {
            guard let failure, rank == 0, failure.isSevere || Self.now - failure.time > Self.grace else { return }
            isNoticed = true
            throw failure.error
        }
    }

    /// On rank 0: ends all ranks with a code, and returns. On others: reports what is wrong, if anything, and waits for that end.
    func end(_ code: Int32, _ text: String) {
        lock.withLock {
            if rank == 0 { ending = code } else if code != 0 { report = Notice(.failed, code: code, text: text) }
            lock.broadcast()
            let deadline = Date(timeIntervalSinceNow: 2 * Self.farewell)
            while !isEnded, rank != 0 || Date() < deadline { lock.wait(until: Date(timeIntervalSinceNow: 0.1)) }
        }
    }

    // MARK: The messenger's thread

    private func serve() {
        var rank: Int32 = 0, count: Int32 = 0
        let code = ls_mpi_start(&rank, &count)
        let result: Result<(rank: Int, count: Int), RankError> =
            code != 0
            ? .failure(.notStarted(library: library, code: Int(code)))
            : Int(count) != launch.count
                // One that does not know the launcher takes itself for alone.
                ? .failure(.otherLibrary(library: library, launcher: launch.launcher))
                : .success((Int(rank), Int(count)))
        if case .success(let place) = result {
            (self.rank, self.count) = place
            listen()
        }
        lock.withLock {
            started = result
            lock.broadcast()
        }
        guard case .success = result else { return }
        while !isOver() {
            move()
            look()
        }
    }

    /// Posts the places of notices: on rank 0 one of every other rank, on others of rank 0.
    private func listen() {
        let time = Self.now
        (lastBeat, lastLook) = (time, time)
        heard = [Double](repeating: time, count: count)
        isGone = [Bool](repeating: false, count: count)
        receiving = [ls_mpi_request](repeating: .init(), count: count)
        inbox = (0..<count).map { _ in .allocate(byteCount: Notice.size, alignment: 16) }
        for peer in peers { receive(from: peer) }
    }

    private var peers: Range<Int> { rank == 0 ? 1..<count : 0..<1 }

    private func receive(from peer: Int) {
        let code = ls_mpi_receive(
            inbox[peer].baseAddress, Int32(Notice.size), Int32(peer), Notice.tag, &receiving[peer])
        if code != 0 { isGone[peer] = true }
    }

    /// Moves the transfer under way; where there is none, waits for one.
    private func move() {
        let current = lock.withLock { () -> Transfer? in
            if transfer == nil, ending == nil, report == nil { lock.wait(until: Date(timeIntervalSinceNow: 0.05)) }
            return transfer
        }
        guard let current else { return }
        let begin = Self.now
        var moved = begin
        while true {
            switch current.advance() {
            case .done:
                return lock.withLock {
                    current.isDone = true
                    transfer = nil
                    lock.broadcast()
                }
            case .failed(let peer, let code):
                lock.withLock { transfer = nil }
                return fail(.transfer(rank: peer, host: host(peer), reason: "error \(code) of MPI"))
            case .moved: moved = Self.now
            case .waiting: break
            }
            let time = Self.now
            if time - lastLook > 0.05 { return }
            // Who waits long may be told a little later.
            let waited = time - moved
            if current.isMoving, waited < 0.5 {
                sched_yield()
            } else if waited > 20e-6 {
                usleep(UInt32(min(400, max(1, waited * 5e4))))
            }
        }
    }

    private func host(_ rank: Int) -> String {
        lock.withLock { hosts.indices.contains(rank) ? hosts[rank] : "an unknown host" }
    }

    /// Notes that the ranks can no longer compute together. On others than rank 0, which cannot tell, the process ends.
    private func fail(_ error: RankError, isSevere: Bool = true) {
        if rank == 0 {
            lock.withLock {
                if failure == nil { failure = (error, Self.now, isSevere) }
                lock.broadcast()
            }
        } else if case .lost = error {
            // One speaks for all; as soon as one ends, the launcher ends the others.
            if rank == 1 {
                FileHandle.standardError.write(Data("landscape: error: \(error)\n".utf8))
            } else {
                Thread.sleep(forTimeInterval: 0.5)
            }
            _exit(1)
        } else {
            lock.withLock { report = Notice(.failed, code: 1, text: "\(error)") }
        }
    }

    /// Sends and receives notices.
    private func look() {
        let time = Self.now
        guard time - lastLook >= 0.02 || lock.withLock({ ending != nil || report != nil }) else { return }
        // Who was stopped or asleep has not heard the others.
        if time - lastLook > 2 { heard = heard.map { max($0, time - 1) } }
        lastLook = time
        for peer in peers where !isGone[peer] { hear(peer, time) }
        outbox.removeAll { entry in
            var done: Int32 = 0
            var request = entry.request
            guard ls_mpi_test(&request, &done) != 0 || done != 0 else { return false }
            entry.bytes.deallocate()
            return true
        }
        if time - lastBeat >= Self.beat {
            lastBeat = time
            for peer in peers { send(Notice(.alive), to: peer) }
        }
        if rank > 0, StopRequest.isMade, !hasForwarded {
            hasForwarded = true
            send(Notice(.stop), to: 0)
        }
        if let report = lock.withLock({ () -> Notice? in
            defer { self.report = nil }; return self.report
        }) {
            send(report, to: 0)
        }
        watch(time)
    }

    /// Takes a notice that has come.
    private func hear(_ peer: Int, _ time: Double) {
        var done: Int32 = 0
        guard ls_mpi_test(&receiving[peer], &done) == 0 else { return isGone[peer] = true }
        guard done != 0, let notice = Notice(UnsafeRawBufferPointer(inbox[peer])) else { return }
        heard[peer] = time
        switch notice.kind {
        case .alive: break
        case .stop: _ = StopRequest.note()
        case .failed:
            fail(.failed(rank: peer, host: host(peer), text: notice.text, code: notice.code), isSevere: false)
        case .bye: isGone[peer] = true
        case .end: leave(notice.code)
        }
        if !isGone[peer] { receive(from: peer) }
    }

    private func send(_ notice: Notice, to peer: Int) {
        // One that takes nothing gets no more.
        guard !isGone[peer], outbox.count(where: { $0.peer == peer }) < 4 else { return }
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: Notice.size, alignment: 16)
        notice.bytes.withUnsafeBytes { bytes.copyMemory(from: $0.baseAddress!, byteCount: Notice.size) }
        var request = ls_mpi_request()
        guard ls_mpi_send(bytes, Int32(Notice.size), Int32(peer), Notice.tag, &request) == 0 else {
            return bytes.deallocate()
        }
        outbox.append((peer, bytes, request))
    }

    /// Notices ranks that are silent, and work that does not notice.
    private func watch(_ time: Double) {
        let patience = rank == 0 ? Self.patience : Self.patienceOfOthers
        for peer in peers where !isGone[peer] && time - heard[peer] > patience {
            // No goodbye is to be expected of it.
            (isGone[peer], hasLost) = (true, true)
            fail(.lost(rank: peer, host: host(peer), seconds: Int(time - heard[peer])))
        }
        let (stuck, action) = lock.withLock { () -> (RankError?, (@Sendable (RankError) -> Void)?) in
            guard let failure, rank == 0, !isNoticed, ending == nil, time - failure.time > Self.grace + 0.5 else {
                return (nil, nil)
            }
            isNoticed = true
            return (failure.error, onStuck)
        }
        // On a thread of its own: it ends all ranks, which needs this one.
        if let stuck, let action { Thread.detachNewThread { action(stuck) } }
    }

    // MARK: The end

    /// Whether all have ended: rank 0 says when.
    private func isOver() -> Bool {
        guard rank == 0, let code = lock.withLock({ ending }) else { return false }
        let time = Self.now
        if hasSaidEnd == nil {
            hasSaidEnd = time
            for peer in peers { send(Notice(.end, code: code), to: peer) }
        }
        let areGone = peers.allSatisfy { isGone[$0] }
        guard areGone || time - hasSaidEnd! > Self.farewell / 2 else { return false }
        Self.exitLater(code)
        if areGone, !hasLost { ls_mpi_finish() } else { ls_mpi_abort(code) }
        lock.withLock {
            isEnded = true
            lock.broadcast()
        }
        return true
    }

    /// Ends a rank that is not the first.
    private func leave(_ code: Int32) -> Never {
        send(Notice(.bye), to: 0)
        let begin = Self.now
        while !outbox.isEmpty, Self.now - begin < 1 {
            var done: Int32 = 0
            if ls_mpi_test(&outbox[0].request, &done) != 0 || done != 0 { outbox.removeFirst() }
        }
        Self.exitLater(code)
        ls_mpi_finish()
        _exit(code)
    }

    /// Ends the process if MPI does not let it.
    private static func exitLater(_ code: Int32) {
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: farewell)
            _exit(code)
        }
    }
}
