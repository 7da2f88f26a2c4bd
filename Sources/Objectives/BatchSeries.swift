import Autodiff
import Essentials
import Foundation
import Networks
import Ranks
import Tensors

/// The batches that a data set is taken in for one kind of program, and the memory in which batches keep what serves again
/// while θ stays: as many batches as the memory limit allows have an instance of their own, the others share one a thread.
///
/// Batches are small enough for their values to stay in a processor's own cache, and each is worked on by one thread; where
/// there is one batch alone, or memory for one at a time, threads share its loops instead. Batches do not depend on the number
/// of threads, and what they give is collected in their order.
final class BatchSeries {
    let batchSize: Int
    /// How many tangents may be run for at once: each has a context, and there is memory for so many beside one batch.
    let tangentsAtOnce: Int
    /// Bytes for programs and what they keep: for what one run of a batch needs, and for what saves time beside it.
    let room: Int, roomForSpeed: Int
    /// Numbers that each batch adds to a tangent's sum where they are as many as parameters; 0 where they are few.
    private let numbers: Int
    private let examples: Int
    private let keeps: Bool
    private let make: (Int) -> BatchProgram
    /// For whole batches, and for ragged last ones.
    private var programs: [Prepared]
    private let kept: [Slot]
    /// Of θ, in the last run.
    private var lastVersion: Int?
    private let lanes = LanePool()

    /// A program, and what is common to all of its batches: a context a tangent, for a version of θ.
    private struct Prepared {
        let program: BatchProgram
        var contexts: [Executable.Context] = []
        var version: Int?
    }

    /// A place for the instance of one batch. (Threads write to their batches' places, so these are objects: elements of one
    /// array are not for several threads.)
    private final class Slot {
        var instance: Executable.Instance?
        var version = 0
    }

    /// Lanes that no thread works with at present.
    private final class LanePool {
        private let lock = NSLock()
        private var idle: [Lane] = []

        func with(_ body: (Lane) -> Void) {
            let lane = lock.withLock { idle.popLast() } ?? Lane()
            body(lane)
            lock.withLock { idle.append(lane) }
        }

        /// Gives up the memory of all lanes but some.
        func keep(_ most: Int) { lock.withLock { idle.removeLast(max(0, idle.count - most)) } }

        var count: Int { lock.withLock { idle.count } }
    }

    /// What a thread works with, for each program.
    private final class Lane {
        var arenas: [Int: Arena] = [:], instances: [Int: Executable.Instance] = [:]
    }

    /// How many examples a batch has that is not asked for.
    enum Preference: Equatable {
        /// As many as have their values in a core's own cache, but enough for what is done with each parameter once a batch to
        /// cost little beside it.
        case inCache
        /// All that work well in memory, because they are normalised together.
        case many
        /// All, because they are one batch of a training that normalises it as a whole.
        case whole
        /// So many, because a loss is one of batches of that size, or of examples that are normalised together.
        case fixed(Int)

        /// Whether memory does not change the size.
        var isFixed: Bool {
            switch self {
            case .whole, .fixed: true
            case .inCache, .many: false
            }
        }
    }

    /// What a process takes at least: code, libraries, and what is small beside data and programs.
    static let processBytes = 44 << 20

    /// How the batches of so many examples are added up.
    func tree(examples: Int? = nil) -> BatchTree {
        BatchTree(batches: ((examples ?? self.examples) + batchSize - 1) / batchSize, numbers: numbers)
    }

    /// Bytes of a tangent's sums that are held at once beside the one that is asked for.
    private var sumBytes: Int { 8 * numbers * tree().extra }

    /// - Parameters:
    ///   - numbers: how many numbers each batch adds to the sum of a tangent, where they are as many as parameters.
    ///   - heldBytes: what data and the few vectors of every analysis take of the memory.
    init(
        examples: Int, requested: Int?, preference: Preference, numbers: Int = 0, memory: MemoryBudget, heldBytes: Int,
        keeps: Bool, make: @escaping (Int) -> BatchProgram
    ) throws(ObjectiveError) {
        let fixed = Self.processBytes + heldBytes + memory.reserved
        let room = memory.most - fixed, usual = MemoryBudget.forSpeed
        let besideVectors = usual - (fixed - memory.reserved)
        roomForSpeed = memory.limit == nil ? min(room, max(besideVectors, usual / 4)) : room
        var size: Int
        if preference == .whole {
            size = examples
        } else if case .fixed(let count) = preference {
            size = min(count, examples)
        } else if let requested {
            size = min(requested, examples)
        } else {
            let probe = make(min(16, examples)), each = max(1, probe.batchBytes / probe.batch)
            if preference == .many {
                size = max(32, min(1024, (96 << 20) / each / 32 * 32))
            } else {
                let perExample = max(1, probe.executable.operations / probe.batch)
                size = max(
                    probe.kind.preferredBytes / each,
                    probe.kind.operationsPerParameter(cached: !probe.sharesWeights) * probe.parameters / perExample, 1)
                // A few batches are made a multiple of four, for threads to have equally many, unless threads share each.
                var batches = (examples + size - 1) / size
                if 1 < batches, batches < 32, !probe.sharesWeights { batches = (batches + 3) / 4 * 4 }
                size = (examples + batches - 1) / batches
            }
            size = min(size, examples)
        }
        var program = make(size)
        // A ragged last batch has a program of its own, which takes less, but may take nearly as much.
        func copies() -> Int { preference == .whole || examples % size == 0 ? 1 : 2 }
        func sums() -> Int { 8 * numbers * BatchTree(batches: (examples + size - 1) / size, numbers: numbers).extra }
        func needed() -> Int { copies() * (program.bytes + program.executable.commonBytes) + sums() }
        while needed() > room, size > 1, !preference.isFixed {
            size = max(1, min(size - 1, Self.share(of: size, room: room, needed: needed())))
            program = make(size)
        }
        guard needed() <= room else {
            let enough = fixed + needed()
            throw preference.isFixed
                ? .batchTooLarge(batch: size, given: memory.most, needed: enough)
                : .memoryTooSmall(given: memory.limit, needed: enough)
        }
        let perTangent = copies() * program.executable.commonBytes + sums()
        tangentsAtOnce = perTangent > 0 ? 1 + max(0, roomForSpeed - needed()) / perTangent : .max
        (self.examples, self.numbers) = (examples, numbers)
        self.room = room
        self.keeps = keeps && program.keepingPays
        batchSize = size
        self.make = make
        programs = [Prepared(program: program)]
        kept = (0..<(examples + size - 1) / size).map { _ in Slot() }
    }

    /// size · room / needed, for a room that is less than needed. The product may be beyond 64 bits where memory and data are large;
    /// the quotient is below the size.
    static func share(of size: Int, room: Int, needed: Int) -> Int {
        needed.dividingFullWidth(size.multipliedFullWidth(by: max(0, room))).quotient
    }

    /// Whether what serves again of a batch takes longer to compute again than to read.
    var keepingPays: Bool { programs[0].program.keepingPays }

    /// Whether there is memory for what serves again of every batch, beside a run for one tangent on all threads.
    var keepsEveryBatch: Bool {
        let program = programs[0].program
        // The same on all ranks, which have to compute as many points at once.
        let threads = max(Threads.count, Team.current?.mostThreads ?? 1)
        let running = 2 * (program.executable.commonBytes + threads * program.bytes)
        return keeps && kept.count * program.executable.keptBytes <= roomForSpeed - running
    }

    /// Bytes that are taken at present, between runs.
    var usedBytes: Int {
        let instances = kept.reduce(0) { $0 + ($1.instance == nil ? 0 : 1) }
        return programs.reduce(instances * programs[0].program.executable.keptBytes) {
            $0 + lanes.count * $1.program.bytes + $1.contexts.count * $1.program.executable.commonBytes
        }
    }

    /// Bytes that a run for so many tangents takes at most.
    func bytes(tangents: Int) -> Int {
        let executable = programs[0].program.executable
        let all =
            2 * (tangents * executable.commonBytes + Threads.count * programs[0].program.bytes) + tangents * sumBytes
        return min(roomForSpeed, all + (keeps ? kept.count * executable.keptBytes : 0))
    }

    /// Gives up all memory but that of the programs themselves; later runs take it again.
    func release() {
        for slot in kept { slot.instance = nil }
        lanes.keep(0)
        for number in programs.indices { (programs[number].contexts, programs[number].version) = ([], nil) }
    }

    /// What is to be computed of every batch.
    struct Work<Failure: Error> {
        /// Grows when θ changes.
        let version: Int
        /// How many vectors, or points, the last stage is run for.
        var tangents = 1
        /// Connects a context to θ and, where it is not nil, to tangent number `Int`.
        let bindContext: (BatchProgram, Executable.Context, Int) -> Void
        /// Connects an instance to the batch whose first example is given.
        let bindData: (BatchProgram, Executable.Instance, Int) -> Void
        /// Called before each batch is collected, with those that are and how many there are; what it throws ends the run.
        let between: ((_ done: Int, _ count: Int) throws(Failure) -> Void)?
    }

    /// Computes batches for every tangent and hands the results to `collect`, for each tangent in the order of batches.
    ///
    /// - Parameters:
    ///   - examples: of those of the series the first so many; nil for all.
    ///   - range: which of their batches; nil for all.
    func run<Failure>(_ work: Work<Failure>, examples: Int? = nil, batches range: Range<Int>? = nil, collect: Collect)
        throws(Failure)
    {
        let (examples, size) = (examples ?? self.examples, batchSize)
        let range = range ?? 0..<(examples + size - 1) / size
        guard !range.isEmpty else { return }
        let ragged = examples % size == 0 ? nil : program(examples % size)
        let bytes = programs.reduce(0) { $0 + $1.program.bytes }
        let common = (programs.reduce(0) { $0 + $1.program.executable.commonBytes } + sumBytes) * work.tangents
        // Threads that each work on a batch read weights of their own time, which large ones are too many for: they share one batch.
        let threads = programs[0].program.sharesWeights ? 1 : min(Threads.count, range.count)
        let wanted = threads * bytes <= room - common ? threads : 1
        lanes.keep(wanted)
        @Sendable func number(_ batch: Int) -> Int { (batch + 1) * size <= examples ? 0 : ragged! }
        for number in Set([number(range.lowerBound), number(range.upperBound - 1)]).sorted() { prepare(work, number) }
        let left = max(0, roomForSpeed - common - wanted * bytes)
        // What one run needs alone is not kept: only a second one at the same θ shows that there are several.
        let isAgain = lastVersion == work.version
        lastVersion = work.version
        let mostKept = keeps && isAgain ? min(range.count, left / max(1, programs[0].program.executable.keptBytes)) : 0
        guard wanted > 1 else {
            for (turn, batch) in range.enumerated() {
                try work.between?(turn, range.count)
                lanes.with { lane in
                    compute(batch, number(batch), lane, turn < mostKept, work, collect)
                }
            }
            return
        }
        let turns = Turns<Failure>(work.tangents)
        withoutActuallyEscaping(collect) { collect in
            let shared = Shared(series: self, work: work, collect: collect)
            Threads.forEach(range.count) { turn, _ in
                guard turns.failure == nil else { return }
                let batch = range.lowerBound + turn
                shared.series.lanes.with { lane in
                    shared.series.compute(batch, number(batch), lane, turn < mostKept, shared.work) { result in
                        turns.take(turn, of: result.tangent) { () throws(Failure) in
                            if result.tangent == 0 { try shared.work.between?(turn, range.count) }
                            shared.collect(result)
                        }
                    }
                }
            }
        }
        if let failure = turns.failure { throw failure }
    }

    /// Takes what a batch gives for a tangent.
    typealias Collect = (BatchResult) -> Void

    /// What threads share while they compute batches. They may: programs, contexts and θ are ready before and stay as they are;
    /// a batch's slot belongs to the thread that computes the batch, a lane to the thread that has taken it; and `between` and
    /// `collect` are called by one thread at a time, in turns, each of which sees what the one before has written.
    private struct Shared<Failure: Error>: @unchecked Sendable {
        let series: BatchSeries
        let work: Work<Failure>
        let collect: Collect
    }

    /// Makes contexts and computes what is common to all batches.
    private func prepare<Failure>(_ work: Work<Failure>, _ number: Int) {
        let program = programs[number].program, isNew = programs[number].version != work.version
        programs[number].version = work.version
        while programs[number].contexts.count < work.tangents {
            let first = programs[number].contexts.first
            programs[number].contexts.append(program.executable.makeContext(sharing: first))
        }
        lanes.with { lane in
            let arena = arena(number, lane)
            for tangent in 0..<work.tangents {
                let context = programs[number].contexts[tangent]
                work.bindContext(program, context, tangent)
                if tangent == 0, isNew {
                    program.executable.runCommon(context, arena, from: .data, through: .parameters)
                }
                program.executable.runCommon(context, arena, from: .tangent, through: .tangent)
            }
        }
    }

    /// The number of the program for batches of a size.
    private func program(_ size: Int) -> Int {
        if let known = programs.firstIndex(where: { $0.program.batch == size }) { return known }
        programs.append(Prepared(program: make(size)))
        return programs.count - 1
    }

    private func arena(_ program: Int, _ lane: Lane) -> Arena {
        if let arena = lane.arenas[program] { return arena }
        let arena = programs[program].program.executable.makeArena()
        lane.arenas[program] = arena
        return arena
    }

    /// Brings what a batch needs that depends on its data and θ alone up to date, as far as it is not kept, and runs the last
    /// stage for each tangent.
    private func compute<Failure>(
        _ batch: Int, _ number: Int, _ lane: Lane, _ keeps: Bool, _ work: Work<Failure>,
        _ finished: Collect
    ) {
        let (program, contexts) = (programs[number].program, programs[number].contexts), arena = arena(number, lane)
        let executable = program.executable, instance: Executable.Instance, first: Stage
        let slot = kept[batch]
        if let known = slot.instance {
            instance = known
            first = slot.version == work.version ? .recomputed : .parameters
        } else {
            if keeps {
                instance = executable.makeInstance(contexts[0])
                slot.instance = instance
            } else {
                instance = lane.instances[number] ?? executable.makeInstance(contexts[0])
                lane.instances[number] = instance
            }
            work.bindData(program, instance, batch * batchSize)
            first = .data
        }
        slot.version = work.version
        for tangent in 0..<work.tangents {
            func run(_ take: Executable.Take?) {
                executable.run(
                    instance, contexts[tangent], arena, from: tangent == 0 ? first : .tangent, through: .tangent,
                    taking: take)
            }
            if !program.passesDerivative { run(nil) }
            withoutActuallyEscaping(run) { run in
                finished(
                    BatchResult(
                        program: program, instance: instance, context: contexts[tangent], tangent: tangent,
                        batch: batch, run: program.passesDerivative ? run : nil))
            }
        }
    }
}
