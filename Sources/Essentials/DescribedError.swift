import Foundation

/// An error whose description is one line that a person can act on: what was found, what was expected, what to do.
///
/// Every error of this package conforms to it, except `Interruption`, which is no fault. An implementer provides
/// `description`.
public protocol DescribedError: LocalizedError, CustomStringConvertible, Sendable {
    /// Whether the request itself is at fault, whatever the files hold. The program `landscape` then ends with exit
    /// code 2, else with 1.
    var isOfRequest: Bool { get }
}

extension DescribedError {
    /// The text of `description`, for those who ask for `localizedDescription`.
    public var errorDescription: String? { description }

    /// False, unless an error says otherwise.
    public var isOfRequest: Bool { false }
}

extension String {
    /// Text from a file as a message may show it: one line of its first 60 characters, as `printable`.
    public var shown: String {
        let line = unicodeScalars.prefix(61)
        return line.count > 60 ? String(String.UnicodeScalarView(line.dropLast())).printable + "…" : printable
    }
}

extension [String] {
    /// The first eight names of a list, as a message may show them; `nothing` where it is empty.
    public var shown: String {
        isEmpty ? "nothing" : prefix(8).map(\.shown).joined(separator: ", ") + (count > 8 ? ", …" : "")
    }
}

extension [Int] {
    /// A shape, as a message may show it: at most its first eight extents.
    public var shown: String {
        "[" + prefix(8).map(String.init).joined(separator: ", ") + (count > 8 ? ", … (\(count) extents)]" : "]")
    }
}
