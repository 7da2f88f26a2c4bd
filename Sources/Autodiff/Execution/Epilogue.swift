import CKernels

/// What becomes of the result of a product or convolution while it is stored: a bias of the last dimension is added, then a tensor
/// like the result; that is multiplied by another, or becomes 0 where this is not above 0; then what is below 0 becomes 0. The
/// operands come in this order after the others.
struct Epilogue: Hashable {
    enum Factor { case product, mask }
    var bias = false, addend = false, relu = false
    var factor: Factor?

    var isNone: Bool { self == Epilogue() }
    var operands: Int { (bias ? 1 : 0) + (addend ? 1 : 0) + (factor == nil ? 0 : 1) }

    /// For a kernel that is given all operands.
    func kernel(_ operands: UnsafeBufferPointer<UnsafeRawPointer>) -> ls_epilogue {
        var rest = operands.suffix(self.operands)
        return ls_epilogue(
            bias: bias ? rest.removeFirst() : nil, addend: addend ? rest.removeFirst() : nil,
            factor: factor == nil ? nil : rest.removeFirst(), masks: factor == .mask ? 1 : 0, relu: relu ? 1 : 0)
    }

    /// Which of its operands a call for some examples is given those examples of.
    var byExample: [Bool] { (bias ? [false] : []) + (addend ? [true] : []) + (factor == nil ? [] : [true]) }
}
