/// A kernel made ready to run: what it reads and writes is known, and the addresses are filled in before each run.
final class KernelLoop {
    private let primitive: any KernelPrimitive
    private let operandItems: [Int], item: Int
    private let operandTypes: [TensorType], resultType: TensorType
    private let operands: UnsafeMutableBufferPointer<UnsafeRawPointer>

    init(_ step: Step, _ items: [Item]) {
        item = step.items[0]
        let item = items[item]
        guard case .kernel(let primitive) = item.work else { preconditionFailure("a kernel step of \(item.work)") }
        self.primitive = primitive
        operandItems = item.operands.map(\.base)
        // An operand may be read under another shape than its own.
        operandTypes = item.operands.map { TensorType($0.shape, items[$0.base].type.element) }
        resultType = item.type
        operands = .allocate(capacity: operandItems.count)
    }

    deinit { operands.deallocate() }

    func workspaceBytes(_ kernels: Kernels) -> Int { primitive.workspaceBytes(operandTypes, kernels) }

    func run(_ kernels: Kernels, workspace: UnsafeMutableRawPointer, address: (Int) -> UnsafeMutableRawPointer) {
        for (i, operand) in operandItems.enumerated() {
            operands.initializeElement(at: i, to: UnsafeRawPointer(address(operand)))
        }
        primitive.evaluate(
            KernelCall(
                kernels: kernels, operandTypes: operandTypes, resultType: resultType,
                operands: UnsafeBufferPointer(operands),
                result: address(item), workspace: workspace))
    }
}
