import CKernels

/// A kernel made ready to run: its operands and result are known, and their addresses are found before each run.
final class KernelLoop: Sendable {
    private let primitive: any KernelPrimitive
    private let operandItems: [Int], item: Int
    private let operandTypes: [TensorType], resultType: TensorType
    /// Bytes from one example's part to the next, for each operand and for the result; 0 where all of it is given.
    private let operandStrides: [Int], resultStride: Int

    /// - Parameter part: examples of a run, and of the whole batch; `nil` for all.
    init(_ step: Step, _ items: [Item], elementSize: Int, part: (count: Int, examples: Int)? = nil) {
        item = step.items[0]
        let item = items[item]
        guard case .kernel(let primitive) = item.work else { preconditionFailure("a kernel step of \(item.work)") }
        self.primitive = primitive
        operandItems = item.operands.map(\.base)
        // An operand may be read under another shape than its own.
        let types = item.operands.map { TensorType($0.shape, items[$0.base].type.element) }
        guard let part, let division = primitive.byExample(types) else {
            (operandTypes, resultType) = (types, item.type)
            (operandStrides, resultStride) = (types.map { _ in 0 }, 0)
            return
        }
        func divided(_ type: TensorType, _ divides: Bool) -> (type: TensorType, stride: Int) {
            guard divides else { return (type, 0) }
            var divided = type
            divided.shape[0] = type.shape[0] / part.examples * part.count
            return (divided, type.count / part.examples * (type.element == .index ? 4 : elementSize))
        }
        let operands = zip(types, division.operands).map { divided($0, $1) }
        (operandTypes, operandStrides) = (operands.map(\.type), operands.map(\.stride))
        (resultType, resultStride) = divided(item.type, !division.isSum)
    }

    var operations: Int { primitive.operations(operandTypes) }

    /// Whether it can read ahead for what comes after it.
    var readsAhead: Bool { primitive.readsAhead }

    func benchRoom(_ kernels: Kernels) -> Bench.Room {
        .init(workspaceBytes: primitive.workspaceBytes(operandTypes, kernels), operands: operandItems.count)
    }

    /// Elements of a sum over examples.
    var resultCount: Int { resultType.count }

    /// - Parameters:
    ///   - sum: memory that a sum over examples is added to; `nil` where the run covers all examples.
    ///   - ahead: memory that is read next.
    func run(
        _ kernels: Kernels, _ bench: Bench, sum: UnsafeMutableRawPointer? = nil,
        ahead: UnsafeBufferPointer<ls_range>? = nil,
        address: (_ item: Int, _ exampleStride: Int) -> UnsafeMutableRawPointer
    ) {
        let operands = bench.operands.address.assumingMemoryBound(to: UnsafeRawPointer.self)
        for (i, operand) in operandItems.enumerated() {
            operands[i] = UnsafeRawPointer(address(operand, operandStrides[i]))
        }
        primitive.evaluate(
            KernelCall(
                kernels: kernels, operandTypes: operandTypes, resultType: resultType,
                operands: UnsafeBufferPointer(start: operands, count: operandItems.count),
                result: sum ?? address(item, resultStride), workspace: bench.workspace.address,
                accumulates: sum != nil, ahead: ahead))
    }

    /// The sum over examples from those of several parts.
    func finish(
        _ kernels: Kernels, _ parts: UnsafeRawPointer, count: Int, address: (Int) -> UnsafeMutableRawPointer
    ) {
        kernels.table.add_parts(Int64(resultType.count), Int64(count), parts, address(item))
    }
}
