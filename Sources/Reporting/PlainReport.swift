import ArrayFiles
import Essentials
import Plotting

/// A result of a few numbers, without a picture.
public struct PlainReport: Report {
    public let context: RunContext
    public let fields: [(key: String, value: JSONValue)]
    public let lines: [String]
    public var arrays: [(name: String, array: NumericArray)] = []
    public var figure: (any Figure)? { nil }
    public var table: (header: [String], rows: [[Double]])? { nil }

    public init(context: RunContext, fields: [(key: String, value: JSONValue)] = [], lines: [String] = []) {
        (self.context, self.fields, self.lines) = (context, fields, lines)
    }
}
