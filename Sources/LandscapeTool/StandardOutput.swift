import Foundation
import Landscape

/// Where results are printed: unlike with `print`, text that cannot be written is an error.
enum StandardOutput {
    nonisolated(unsafe) private static var capture: String?

    /// What `body` prints, which then is not printed.
    static func captured(_ body: () throws -> Void) throws -> String {
        capture = ""
        defer { capture = nil }
        try body()
        return capture ?? ""
    }

    static func print(_ text: String) throws {
        if capture != nil {
            capture! += text + "\n"
            return
        }
        var bytes = Array((text + "\n").utf8)[...]
        while !bytes.isEmpty {
            let put = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if put < 0, errno == EINTR { continue }
            // A reader such as `head` that has had enough is no failure.
            if put < 0, errno == EPIPE { return }
            guard put > 0 else { throw FileError.unprinted(reason: String(cString: strerror(put < 0 ? errno : EIO))) }
            bytes = bytes.dropFirst(put)
        }
    }
}
