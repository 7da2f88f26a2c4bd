import Essentials

/// What can keep an algorithm of this module from giving a result. Not converging is a result, not an error.
public enum MatrixFreeError: DescribedError, Equatable {
    /// An argument that no result exists for: what was found, what was expected.
    case invalidArgument(String)
    /// The given product of the run, counted from 1, contained NaN or an infinity.
    case nonFiniteProduct(number: Int)
    /// The memory limit holds fewer basis vectors than the request needs; both in bytes.
    case memoryLimit(found: Int, needed: Int)
    /// The folder of temporary files has no room for vectors beyond the memory limit.
    case noRoom(bytes: Int)
    /// More rows, columns or elements than the linear algebra library counts.
    case tooManyElements(found: Int, most: Int)
    /// LAPACK's (or our own) iteration on a small projected matrix failed, which finite numbers do not cause.
    case eigensolverFailed(size: Int)

    /// What was found, what was expected and what to do next.
    public var description: String {
        switch self {
        case .invalidArgument(let text): text
        case .nonFiniteProduct(let number):
            "matrix-vector product \(number) is not finite: the loss overflows at these parameters; "
                + "try double precision, and check the checkpoint for NaN"
        case .memoryLimit(let found, let needed):
            "the memory limit of \(found) bytes is too small for the Lanczos basis: "
                + "at least \(needed) bytes are needed; raise the limit or ask for fewer eigenvalues"
        case .noRoom(let bytes):
            "the folder of temporary files has no room for \(bytes) bytes of Lanczos vectors, which are beyond the memory limit; "
                + "raise the limit, or set TMPDIR to a folder with more room"
        case .tooManyElements(let found, let most):
            "an operator or matrix of \(found) rows: OpenBLAS counts no more than \(most) with its 32-bit integers; "
                + "analyse a part of the parameters, such as one layer"
        case .eigensolverFailed(let size):
            "the eigenvalue iteration of a projected \(size)×\(size) matrix did not converge"
        }
    }
}
