/// A kernel made ready to run: what it reads and writes is known, and the addresses are found before each run.
final class KernelLoop {
    private let primitive: any KernelPrimitive
    private let operandItems: [Int], item: Int
    private let operandTypes: [TensorType], resultType: TensorType

    init(_ step: Step, _ items: [Item]) {
        item = step.items[0]
        let item = items[item]
        guard case .kernel(let primitive) = item.work else { preconditionFailure("a kernel step of \(item.work)") }
        self.primitive = primitive
        operandItems = item.operands.map(\.base)
        // An operand may be read under another shape than its own.
        operandTypes = item.operands.map { TensorType($0.shape, items[$0.base].type.element) }
        resultType = item.type
    }

    var operandCount: Int { operandItems.count }

    var operations: Int { primitive.operations(operandTypes) }

    func workspaceBytes(_ kernels: Kernels) -> Int { primitive.workspaceBytes(operandTypes, kernels) }

    func run(_ kernels: Kernels, _ arena: Executable.Arena, address: (Int) -> UnsafeMutableRawPointer) {
        let operands = arena.operands.address.assumingMemoryBound(to: UnsafeRawPointer.self)
        for (i, operand) in operandItems.enumerated() { operands[i] = UnsafeRawPointer(address(operand)) }
        primitive.evaluate(
            KernelCall(
                kernels: kernels, operandTypes: operandTypes, resultType: resultType,
                operands: UnsafeBufferPointer(start: operands, count: operandItems.count), result: address(item),
                workspace: arena.workspace.address))
    }
}
