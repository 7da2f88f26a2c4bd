import Foundation

/// An error whose description is one line a person can act on: what was found, what was expected, what to do.
///
/// Every error that this package throws conforms to it, except `Interruption`, which is no fault.
public protocol DescribedError: LocalizedError, CustomStringConvertible, Sendable {
    /// Whether the request itself cannot be meant, whatever the files hold: a command line then ends with exit code 2, not 1.
    var isOfRequest: Bool { get }
}

extension DescribedError {
    /// The same as `description`.
    public var errorDescription: String? { description }

    /// False, unless an error says otherwise.
    public var isOfRequest: Bool { false }
}

extension String {
    /// Text out of a file as a message may show it: at most 60 characters, on one line, without control characters
    /// (which could command a terminal).
    public var shown: String {
        var result = ""
        for (index, scalar) in unicodeScalars.enumerated() {
            if index == 60 { return result + "…" }
            let isPlain =
                scalar.properties.generalCategory != .control && scalar.properties.generalCategory != .format
                && scalar != "\u{2028}" && scalar != "\u{2029}"
            result.unicodeScalars.append(isPlain ? scalar : "\u{FFFD}")
        }
        return result
    }
}

extension [String] {
    /// The first names of a list, as a message may show them.
    public var shown: String {
        isEmpty ? "nothing" : prefix(8).map(\.shown).joined(separator: ", ") + (count > 8 ? ", …" : "")
    }
}

extension [Int] {
    /// A shape, as a message may show it.
    public var shown: String {
        "[" + prefix(8).map(String.init).joined(separator: ", ") + (count > 8 ? ", … (\(count) extents)]" : "]")
    }
}
