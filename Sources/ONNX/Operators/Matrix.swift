import ArrayFiles
import Autodiff
import Essentials

extension Operators {
    static let matrix: [String: OperatorCall.Implementation] = [
        "MatMul": { [.graph(try product($0, try $0.tensor(0), try $0.tensor(1)))] },
        "Gemm": { try gemm($0) },
    ]

    private static func gemm(_ call: OperatorCall) throws -> [Operand] {
        var (a, b) = (try call.tensor(0), try call.tensor(1))
        try call.rank(a.shape, 2...2)
        try call.rank(b.shape, 2...2)
        if call.flag("transA") { a = a.permuted([1, 0]) }
        if call.flag("transB") { b = b.permuted([1, 0]) }
        var result = try product(call, a, b).scaled(call.real("alpha", default: 1))
        let beta = call.real("beta", default: 1)
        if let c = try call.optionalTensor(2), beta != 0 {
            guard try call.broadcast([result.shape, c.shape]) == result.shape else {
                throw call.failure("an addend of shape \(c.shape.shown) does not broadcast to \(result.shape.shown)")
            }
            result = result + c.scaled(beta)
        }
        return [.graph(result)]
    }

    /// NumPy's matmul: matrices in the last two dimensions, the others broadcast; vectors gain a dimension that the result loses.
    static func product(_ call: OperatorCall, _ first: Value, _ second: Value) throws -> Value {
        guard !first.shape.isEmpty, !second.shape.isEmpty else { throw call.failure("a matrix product of scalars") }
        let a = first.shape.count == 1 ? first.reshaped([1] + first.shape) : first
        let b = second.shape.count == 1 ? second.reshaped(second.shape + [1]) : second
        let (m, k, n) = (a.shape[a.shape.count - 2], a.shape.last!, b.shape.last!)
        guard k == b.shape[b.shape.count - 2] else {
            throw call.failure("shapes \(first.shape.shown) and \(second.shape.shown) have no matrix product")
        }
        let leading = try call.broadcast([Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2))])
        try call.check(leading + [m, n])
        var result: Value
        if b.shape.count == 2 || b.shape.dropLast(2).allSatisfy({ $0 == 1 }) {
            // One matrix for all rows.
            let rows = a.type.count / k
            result = matrixProduct(a.reshaped([rows, k]), b.reshaped([k, n])).reshaped(Array(a.shape.dropLast()) + [n])
            result = result.reshaped(leading + [m, n])
        } else {
            try call.check(leading + [m, k])
            try call.check(leading + [k, n])
            result = matrixProduct(a.broadcast(leading + [m, k]), b.broadcast(leading + [k, n]))
        }
        var shape = result.shape
        if second.shape.count == 1 { shape.removeLast() }
        if first.shape.count == 1 { shape.remove(at: shape.count - (second.shape.count == 1 ? 1 : 2)) }
        return result.reshaped(shape)
    }

    /// Without copying an operand that is a transposed matrix.
    private static func matrixProduct(_ a: Value, _ b: Value) -> Value {
        let (ta, tb) = (a.untransposed, b.untransposed)
        return (ta ?? a).product(tb ?? b, transposeA: ta != nil, transposeB: tb != nil)
    }
}
