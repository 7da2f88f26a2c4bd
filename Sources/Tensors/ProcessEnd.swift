import CKernels
import Foundation

/// What a program settles for its whole process: how it ends where no code of its own has a say, and what becomes of freed memory.
public enum ProcessEnd {
    /// From now on `exit` ends the process once its output is flushed, and asks no library to end: OpenBLAS would wait for ever for a
    /// thread of its own that got no memory.
    public static func skipLibraries() { ls_end_at_once() }

    /// From now on memory that is freed stays the process's, for what it allocates next (glibc). Vectors of a large model come and go, and
    /// the system would fill the pages of each with zeros anew, which takes longer than most of what is done with them.
    public static func keepMemory() { ls_keep_memory() }

    /// From now on an abort, in which a failed allocation ends, writes a text on standard error and ends the process with a code.
    public static func explainAborts(_ text: String, code: Int32) { ls_explain_abort(strdup(text), code) }
}
