import ArrayFiles
import Essentials
import Plotting

/// A result of a few numbers, without a picture.
public struct PlainReport: Report {
    /// What the result is of, and how it was computed.
    public let context: RunContext
    /// Members of the JSON object beside those of the context; docs/commands.md lists them.
    public let fields: [(key: String, value: JSONValue)]
    /// What is printed for people, a line each.
    public let lines: [String]
    /// Arrays of the `.npz` file.
    public var arrays: [(name: String, array: NumericArray)] = []
    /// There is no picture.
    public var figure: (any Figure)? { nil }
    /// A header and rows of the `.csv` file.
    public var table: (header: [String], rows: [[Double]])? { nil }

    /// - Parameters:
    ///   - fields: members of the JSON object.
    ///   - lines: what is printed for people.
    public init(context: RunContext, fields: [(key: String, value: JSONValue)] = [], lines: [String] = []) {
        (self.context, self.fields, self.lines) = (context, fields, lines)
    }
}
