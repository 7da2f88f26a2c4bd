import Autodiff

/// The batches that a data set is taken in for one kind of program, and the memory in which batches keep what serves again
/// while θ stays: as many batches as the memory limit allows have an instance of their own, the others share one.
final class BatchSeries {
    let batchSize: Int
    let count: Int
    private let examples: Int
    private let program: BatchProgram
    private let lastProgram: BatchProgram
    private var instances: [Int: (instance: Executable.Instance, version: Int)] = [:]
    private var shared: [ObjectIdentifier: Executable.Instance] = [:]
    private let mostKept: Int

    /// A batch that is not asked for is as large as has its values in about this many bytes, within bounds.
    private static let preferredBytes = 96 << 20, preferredRange = 32...1024

    init(
        examples: Int, requested: Int?, memoryLimit: Int, keeps: Bool, make: (Int) -> BatchProgram
    ) throws(ObjectiveError) {
        func bytes(_ program: BatchProgram) -> Int { program.executable.keptBytes + program.executable.scratchBytes }
        var size: Int
        if let requested {
            size = min(requested, examples)
        } else {
            let probe = min(32, examples)
            let each = max(1, bytes(make(probe)) / probe)
            let preferred = Self.preferredBytes / each / 32 * 32
            size = min(examples, max(Self.preferredRange.lowerBound, min(Self.preferredRange.upperBound, preferred)))
        }
        var program = make(size)
        while bytes(program) > memoryLimit, size > 1 {
            size = max(1, min(size - 1, size * memoryLimit / bytes(program)))
            program = make(size)
        }
        guard bytes(program) <= memoryLimit else { throw .memoryTooSmall(given: memoryLimit, needed: bytes(program)) }
        self.examples = examples
        self.program = program
        batchSize = size
        count = (examples + size - 1) / size
        let ragged = examples % size
        lastProgram = ragged == 0 ? program : make(ragged)
        // Two shared instances (whole and ragged batches) and two scratch arenas come first.
        let fixed = bytes(program) + (ragged == 0 ? 0 : bytes(lastProgram))
        mostKept = keeps ? max(0, (memoryLimit - fixed) / max(1, program.executable.keptBytes)) : 0
    }

    /// Computes what a batch needs that depends on its data and θ (of the given version) alone, as far as it is not kept, and
    /// gives its program and memory. `bind` connects a new use of an instance to the batch whose first example is given.
    func prepare(
        _ batch: Int, version: Int, bind: (BatchProgram, Executable.Instance, Int) -> Void
    ) -> (BatchProgram, Executable.Instance) {
        let first = batch * batchSize
        let program = first + batchSize <= examples ? program : lastProgram
        if let (instance, known) = instances[batch] {
            if known != version { program.executable.run(instance, from: .parameters, through: .parameters) }
            instances[batch] = (instance, version)
            return (program, instance)
        }
        let instance: Executable.Instance
        if instances.count < mostKept {
            instance = program.executable.makeInstance()
            instances[batch] = (instance, version)
        } else {
            instance = shared[ObjectIdentifier(program)] ?? program.executable.makeInstance()
            shared[ObjectIdentifier(program)] = instance
        }
        bind(program, instance, first)
        program.executable.run(instance, through: .parameters)
        return (program, instance)
    }
}
