import CKernels
import Tensors

/// An operation of graphs, with its derivative.
///
/// The rest of the module knows an operation only by this protocol: its result's type, its directional derivative and,
/// where it is linear in an operand, the transpose of that linear map. Derivatives are written in primitives again, so
/// each has derivatives of every order. How it is evaluated is declared by one of the module's own protocols. A
/// primitive is a node's identity: two that are equal give equal results for equal operands.
public protocol Primitive: Hashable, Sendable {
    /// What messages and listings call it, such as `matrix product`.
    var name: String { get }

    /// The result's type.
    ///
    /// An implementer traps where the operands have the wrong number, shapes or elements, and names what it found.
    func type(of operands: [TensorType]) -> TensorType

    /// The directional derivative Σᵢ ∂f/∂xᵢ tᵢ at `operands` along `tangents`, linear in the tangents.
    ///
    /// - Parameters:
    ///   - result: the value of the primitive at `operands`, for derivatives that are cheaper by it.
    ///   - tangents: one for each operand, of the operand's shape; `nil` is zero.
    /// - Returns: a value of the result's shape; `nil` where the derivative is zero.
    func linearize(_ operands: [Value], _ result: Value, _ tangents: [Value?]) -> Value?

    /// The transpose of the linear map from operand number `index` to the result, applied to a cotangent.
    ///
    /// An implementer provides it for every operand that the primitive is linear in.
    ///
    /// - Parameter cotangent: of the result's shape.
    /// - Returns: a value of the operand's shape.
    func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value
}

extension Primitive {
    /// Traps: a primitive without a transpose of its own is linear in no operand.
    public func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value {
        preconditionFailure("\(name) is not linear in operand \(index)")
    }

    /// Linearisation of an operation linear in all operands together: the operation on the tangents, zeros made explicit.
    func linear(_ operands: [Value], _ tangents: [Value?]) -> Value? {
        guard tangents.contains(where: { $0 != nil }) else { return nil }
        return operands[0].graph.apply(
            self, zip(operands, tangents).map { $1 ?? $0.graph.constant(0, shape: $0.shape) })
    }

    /// Linearisation of an operation linear in each operand separately: the sum over operands.
    func multilinear(_ operands: [Value], _ tangents: [Value?]) -> Value? {
        var total: Value?
        for (index, tangent) in tangents.enumerated() {
            guard let tangent else { continue }
            var replaced = operands
            replaced[index] = tangent
            let term = operands[0].graph.apply(self, replaced)
            total = total.map { $0 + term } ?? term
        }
        return total
    }
}

/// A primitive evaluated element by element on operands of one shape; it is fused with its neighbours.
protocol ElementwisePrimitive: Primitive {
    var opcode: ls_opcode { get }
    var immediate: Double { get }
}

extension ElementwisePrimitive {
    var immediate: Double { 0 }
}

/// A primitive that reads its operand's memory another way; nothing is computed.
protocol ViewPrimitive: Primitive {
    /// The result as a view, or nil where the operand has to be made dense first.
    func view(_ operand: StridedView, _ result: TensorType) -> StridedView?
}

/// A primitive evaluated by a loop of its own, from dense operands into a dense result.
protocol KernelPrimitive: Primitive {
    func workspaceBytes(_ operands: [TensorType], _ kernels: Kernels) -> Int
    /// Multiplications and additions of products; 0 for primitives that only move numbers.
    func operations(_ operands: [TensorType]) -> Int
    /// How it can be evaluated for some examples of a batch at a time; `nil` where it cannot.
    func byExample(_ operands: [TensorType]) -> ByExample?
    /// Whether it prefetches a call's `ahead` while it computes.
    var readsAhead: Bool { get }
    /// The number of an operand whose place the result may take, where that is read for the last time; nil where there is none.
    var overwritten: Int? { get }
    func evaluate(_ call: KernelCall)
}

/// How a kernel divides by examples.
struct ByExample {
    /// For each operand, whether its first dimension counts examples or parts of them, so that a call gets its own
    /// examples' part. Other operands are given whole.
    let operands: [Bool]
    /// Whether the result is a sum over examples, to which each call adds. Else its first dimension counts examples
    /// too.
    var isSum = false
}

extension KernelPrimitive {
    func byExample(_ operands: [TensorType]) -> ByExample? { nil }
    var readsAhead: Bool { false }
    var overwritten: Int? { nil }
    func workspaceBytes(_ operands: [TensorType], _ kernels: Kernels) -> Int { 0 }
    func operations(_ operands: [TensorType]) -> Int { 0 }
}

/// The arguments of a kernel's evaluation.
struct KernelCall {
    let kernels: Kernels
    let operandTypes: [TensorType]
    let resultType: TensorType
    let operands: UnsafeBufferPointer<UnsafeRawPointer>
    let result: UnsafeMutableRawPointer
    let workspace: UnsafeMutableRawPointer
    /// Whether a sum over examples is added to the result's old content, on the calling thread.
    var accumulates = false
    /// Memory that is read next, once this call has ended, for prefetching.
    var ahead: UnsafeBufferPointer<ls_range>?

    func indices(_ number: Int) -> UnsafePointer<Int32> { operands[number].assumingMemoryBound(to: Int32.self) }
}

/// The C kernels of one precision: a table of functions, which nobody changes, so any thread may use it.
struct Kernels: @unchecked Sendable {
    let precision: Precision
    let table: ls_kernels

    init(_ precision: Precision) {
        Threads.startDefault()
        self.precision = precision
        table = ls_kernels_get(precision == .double ? 1 : 0).pointee
    }

    /// Those of a variant by name (avx512, avx2, baseline); nil where the processor cannot run it.
    init?(_ precision: Precision, variant: String) {
        guard let variant = ls_kernels_variant(variant, precision == .double ? 1 : 0) else { return nil }
        Threads.startDefault()
        self.precision = precision
        table = variant.pointee
    }
}

/// A value as strides over the memory of another: element (i, j, …) lies at offset + i·strides[0] + j·strides[1] + ….
struct StridedView: Hashable {
    /// Number of the item whose memory this is.
    var base: Int
    var offset = 0
    var shape: [Int]
    var strides: [Int]

    init(dense base: Int, _ shape: [Int]) {
        self.base = base
        self.shape = shape
        strides = StridedView.denseStrides(shape)
    }

    static func denseStrides(_ shape: [Int]) -> [Int] {
        var strides = shape, next = 1
        for i in shape.indices.reversed() {
            strides[i] = next
            next *= shape[i]
        }
        return strides
    }

    /// Whether the elements follow each other without gaps in row-major order.
    var isDense: Bool {
        zip(zip(strides, StridedView.denseStrides(shape)), shape).allSatisfy { $1 == 1 || $0.0 == $0.1 }
    }
}
