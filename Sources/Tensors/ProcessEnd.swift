import CKernels
import Foundation

/// How a program that uses OpenBLAS ends where no code of its own has a say.
public enum ProcessEnd {
    /// From now on `exit` ends the process once its output is flushed, and asks no library to end: OpenBLAS would wait for ever for a
    /// thread of its own that got no memory.
    public static func skipLibraries() { ls_end_at_once() }

    /// From now on an abort, in which a failed allocation ends, writes a text on standard error and ends the process with a code.
    public static func explainAborts(_ text: String, code: Int32) { ls_explain_abort(strdup(text), code) }
}
