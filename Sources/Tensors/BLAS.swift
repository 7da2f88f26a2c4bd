import CKernels
import COpenBLAS

/// The system's OpenBLAS, set up for this program: one thread (ours are above it) and, where the library's own
/// choice is one of its SSE kernel sets on a processor with AVX2 or AVX-512, the set that fits the processor.
public enum BLAS {
    private static let prepared: String = {
        let name = String(cString: ls_blas_prepare())
        openblas_set_num_threads(1)
        return name
    }()

    /// Must have run before any BLAS call; costs nothing after the first time.
    @inline(__always)
    public static func prepare() { _ = prepared }

    /// The kernel set in use, as OpenBLAS names it.
    public static var kernelSet: String { prepared }
}
