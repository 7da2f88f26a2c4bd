import CKernels

/// Arithmetic on the result of a product or convolution while it is stored.
///
/// In this order: a bias of the last dimension is added, then a tensor of the result's shape. The sum is multiplied by
/// another tensor, or set to 0 where that is not above 0. Last comes ReLU. The operands come in the same order, after
/// the product's own.
struct Epilogue: Hashable {
    enum Factor { case product, mask }
    var bias = false, addend = false, relu = false
    var factor: Factor?

    var isNone: Bool { self == Epilogue() }
    var operands: Int { (bias ? 1 : 0) + (addend ? 1 : 0) + (factor == nil ? 0 : 1) }

    /// The description for a C kernel, given all operands of the call.
    func kernel(_ operands: UnsafeBufferPointer<UnsafeRawPointer>) -> ls_epilogue {
        var rest = operands.suffix(self.operands)
        return ls_epilogue(
            bias: bias ? rest.removeFirst() : nil, addend: addend ? rest.removeFirst() : nil,
            factor: factor == nil ? nil : rest.removeFirst(), masks: factor == .mask ? 1 : 0, relu: relu ? 1 : 0)
    }

    /// For each of its operands, whether a call for some examples is given only their part.
    var byExample: [Bool] { (bias ? [false] : []) + (addend ? [true] : []) + (factor == nil ? [] : [true]) }
}
