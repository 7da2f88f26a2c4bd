import Autodiff
import Foundation
import Tensors

/// The batches that a data set is taken in for one kind of program, and the memory in which batches keep what serves again
/// while θ stays: as many batches as the memory limit allows have an instance of their own, the others share one a thread.
///
/// Batches are small enough for their values to stay in a processor's own cache, and each is worked on by one thread; where
/// there is one batch alone, or memory for one at a time, threads share its loops instead. Batches do not depend on the number
/// of threads, and what they give is collected in their order.
final class BatchSeries {
    let batchSize: Int
    let count: Int
    private let examples: Int
    private let memoryLimit: Int
    private let keeps: Bool
    /// For whole batches, and for a ragged last one.
    private let programs: [BatchProgram]
    private var contexts: [[Executable.Context]]
    private var contextVersion: Int?
    private let kept: [Slot]
    private let lanes = LanePool()

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

        func with(_ programs: Int, _ body: (Lane) -> Void) {
            let lane = lock.withLock { idle.popLast() } ?? Lane(programs)
            body(lane)
            lock.withLock { idle.append(lane) }
        }

        /// Gives up the memory of all lanes but some.
        func keep(_ most: Int) { lock.withLock { idle.removeLast(max(0, idle.count - most)) } }
    }

    /// What a thread works with, for each program.
    private final class Lane {
        var arenas: [Executable.Arena?], instances: [Executable.Instance?]
        init(_ programs: Int) {
            arenas = .init(repeating: nil, count: programs)
            instances = .init(repeating: nil, count: programs)
        }
    }

    /// How many examples a batch has that is not asked for.
    enum Preference {
        /// As many as have their values in a core's own cache, but enough for what is done with each parameter once a batch to
        /// cost little beside it.
        case inCache
        /// All that work well in memory, because they are normalised together.
        case many
    }

    /// Bytes of a batch that does not keep anything: what a core has in its second-level cache and a share of the third. Batches
    /// that keep values read them from memory anyway, and what each keeps of the weights' size should be little.
    private static let preferredBytes = 4 << 20, preferredKeptBytes = 16 << 20

    init(
        examples: Int, requested: Int?, preference: Preference, memoryLimit: Int, keeps: Bool,
        make: (Int) -> BatchProgram
    ) throws(ObjectiveError) {
        var size: Int
        if let requested {
            size = min(requested, examples)
        } else {
            let probe = make(min(16, examples)), each = max(1, probe.bytes / probe.batch)
            switch preference {
            case .many: size = max(32, min(1024, (96 << 20) / each / 32 * 32))
            case .inCache:
                let perExample = max(1, probe.executable.operations / probe.batch)
                size = max(
                    (keeps ? Self.preferredKeptBytes : Self.preferredBytes) / each,
                    probe.kind.operationsPerParameter * probe.parameters / perExample, 1)
                // A few batches are made a multiple of four, for threads to have equally many.
                var batches = (examples + size - 1) / size
                if 1 < batches, batches < 32 { batches = (batches + 3) / 4 * 4 }
                size = (examples + batches - 1) / batches
            }
            size = min(size, examples)
        }
        var program = make(size)
        while program.bytes > memoryLimit, size > 1 {
            size = max(1, min(size - 1, size * memoryLimit / program.bytes))
            program = make(size)
        }
        guard program.bytes <= memoryLimit else {
            throw .memoryTooSmall(given: memoryLimit, needed: program.bytes)
        }
        self.examples = examples
        self.memoryLimit = memoryLimit
        self.keeps = keeps
        batchSize = size
        count = (examples + size - 1) / size
        let ragged = examples % size
        programs = ragged == 0 ? [program] : [program, make(ragged)]
        contexts = programs.map { _ in [] }
        kept = (0..<count).map { _ in Slot() }
    }

    /// What is to be computed of every batch.
    struct Work {
        /// Grows when θ changes.
        let version: Int
        /// How many vectors, or points, the last stage is run for.
        var tangents = 1
        /// Connects a context to θ and, where it is not nil, to tangent number `Int`.
        let bindContext: (BatchProgram, Executable.Context, Int) -> Void
        /// Connects an instance to the batch whose first example is given.
        let bindData: (BatchProgram, Executable.Instance, Int) -> Void
        /// Called before each batch is collected.
        let between: (() throws -> Void)?
    }

    /// Computes every batch for every tangent and hands the results to `collect`, for each tangent in the order of batches.
    func run(
        _ work: Work, collect: (BatchProgram, Executable.Instance, Executable.Context, _ tangent: Int) -> Void
    ) throws {
        let threads = min(Threads.count, count), bytes = programs.reduce(0) { $0 + $1.bytes }
        let wanted = threads * bytes <= memoryLimit ? threads : 1
        lanes.keep(wanted)
        let mostKept = prepare(work, memory: memoryLimit - wanted * bytes)
        guard wanted > 1 else {
            for batch in 0..<count {
                try work.between?()
                lanes.with(programs.count) { compute(batch, $0, batch < mostKept, work, collect) }
            }
            return
        }
        let turns = Turns(work.tangents)
        var failure: (any Error)?
        Threads.forEach(count) { batch, _ in
            lanes.with(programs.count) { lane in
                compute(batch, lane, batch < mostKept, work) { program, instance, context, tangent in
                    turns.take(batch, of: tangent) {
                        guard failure == nil else { return }
                        do {
                            if tangent == 0 { try work.between?() }
                            collect(program, instance, context, tangent)
                        } catch { failure = error }
                    }
                }
            }
        }
        if let failure { throw failure }
    }

    /// Makes contexts, computes what is common to all batches, and tells how many batches can be kept in so much memory.
    private func prepare(_ work: Work, memory: Int) -> Int {
        let isNew = contextVersion != work.version
        contextVersion = work.version
        lanes.with(programs.count) { lane in
            for (number, program) in programs.enumerated() {
                let arena = arena(number, lane), first = contexts[number].isEmpty
                while contexts[number].count < work.tangents {
                    contexts[number].append(program.executable.makeContext(sharing: contexts[number].first))
                }
                for tangent in 0..<work.tangents {
                    let context = contexts[number][tangent]
                    work.bindContext(program, context, tangent)
                    if tangent == 0, first || isNew {
                        program.executable.runCommon(context, arena, from: .data, through: .parameters)
                    }
                    program.executable.runCommon(context, arena, from: .tangent, through: .tangent)
                }
            }
        }
        guard keeps else { return 0 }
        let common = zip(programs, contexts).reduce(0) { $0 + $1.0.executable.commonBytes * $1.1.count }
        return min(count, max(0, memory - common) / max(1, programs[0].executable.keptBytes))
    }

    private func arena(_ program: Int, _ lane: Lane) -> Executable.Arena {
        if let arena = lane.arenas[program] { return arena }
        let arena = programs[program].executable.makeArena()
        lane.arenas[program] = arena
        return arena
    }

    /// Brings what a batch needs that depends on its data and θ alone up to date, as far as it is not kept, and runs the last
    /// stage for each tangent.
    private func compute(
        _ batch: Int, _ lane: Lane, _ keeps: Bool, _ work: Work,
        _ finished: (BatchProgram, Executable.Instance, Executable.Context, Int) -> Void
    ) {
        let first = batch * batchSize, number = first + batchSize <= examples ? 0 : 1
        let program = programs[number], contexts = contexts[number], arena = arena(number, lane)
        let executable = program.executable, instance: Executable.Instance
        let slot = kept[batch]
        if let known = slot.instance {
            instance = known
            if slot.version != work.version {
                executable.run(instance, contexts[0], arena, from: .parameters, through: .parameters)
            }
        } else {
            if keeps {
                instance = executable.makeInstance(contexts[0])
                slot.instance = instance
            } else {
                instance = lane.instances[number] ?? executable.makeInstance(contexts[0])
                lane.instances[number] = instance
            }
            work.bindData(program, instance, first)
            executable.run(instance, contexts[0], arena, from: .data, through: .parameters)
        }
        slot.version = work.version
        for tangent in 0..<work.tangents {
            executable.run(instance, contexts[tangent], arena, from: .tangent, through: .tangent)
            finished(program, instance, contexts[tangent], tangent)
        }
    }
}
