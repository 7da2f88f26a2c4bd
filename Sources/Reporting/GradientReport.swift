import Analyses
import ArrayFiles
import Essentials
import Foundation
import Plotting

/// The norm of a gradient, whole and by tensor.
public struct GradientReport: Report {
    /// What the result is of, and how it was computed.
    public let context: RunContext
    /// What is shown.
    public let result: GradientNorms

    /// - Parameter result: what is shown.
    public init(context: RunContext, _ result: GradientNorms) { (self.context, self.result) = (context, result) }

    /// Members of the JSON object beside those of the context; docs/commands.md lists them.
    public var fields: [(key: String, value: JSONValue)] {
        let layers = result.layers.map { layer -> JSONValue in
            .object([("name", .string(layer.name)), ("gradient_norm", .number(layer.norm))])
        }
        return [("gradient_norm", .number(result.norm)), ("layers", .array(layers))]
    }

    /// What is printed for people, a line each.
    public var lines: [String] {
        ["‖∇L‖₂  \(Format.number(result.norm))"]
            + result.layers.map {
                "  \($0.name.padding(toLength: 28, withPad: " ", startingAt: 0)) \(Format.number($0.norm))"
            }
    }

    /// Arrays of the `.npz` file.
    public var arrays: [(name: String, array: NumericArray)] { [("gradient", NumericArray(result.gradient))] }
    /// There is no picture.
    public var figure: (any Figure)? { nil }
    /// A header and rows of the `.csv` file.
    public var table: (header: [String], rows: [[Double]])? { nil }
}
