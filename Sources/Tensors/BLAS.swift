import CKernels
import COpenBLAS

/// The system's OpenBLAS, set up for this program.
///
/// It runs with one thread, because the program's own threads are above it. Where OpenBLAS chose one of its SSE kernel
/// sets on a processor with AVX2 or AVX-512, the set that fits the processor is used instead. `OPENBLAS_CORETYPE` in
/// the environment overrides both.
public enum BLAS {
    private static let prepared: String = {
        let name = String(cString: ls_blas_prepare())
        openblas_set_num_threads(1)
        return name
    }()

    /// Sets OpenBLAS up. Call it before any BLAS call; every call after the first costs nothing.
    @inline(__always)
    public static func prepare() { _ = prepared }

    /// The kernel set in use, by OpenBLAS's own name, such as `Haswell` or `SkylakeX`.
    public static var kernelSet: String { prepared }
}
