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
        return [("gradient_norm", .number(result.norm)), ("layers", .array(layers))] + exampleFields
    }

    /// Examples with the largest gradients that are listed.
    private static let listed = 10

    /// Their numbers, the largest gradient first.
    private var largest: [Int] {
        guard let norms = result.examples?.norms else { return [] }
        return Array(norms.indices.sorted { norms[$0] > norms[$1] }.prefix(Self.listed))
    }

    /// The mean of squares, which is the trace of the empirical Fisher matrix, and the median.
    private func summary(_ norms: [Double]) -> (meanSquare: Double, median: Double) {
        let sorted = norms.sorted(), middle = norms.count / 2
        let square = norms.reduce(0) { $0 + $1 * $1 } / Double(norms.count)
        return (square, norms.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2)
    }

    private var exampleFields: [(key: String, value: JSONValue)] {
        guard let examples = result.examples, !examples.norms.isEmpty else { return [] }
        let norms = examples.norms, (meanSquare, median) = summary(norms)
        let members = largest.map { number -> JSONValue in
            .object(
                [("example", .integer(number)), ("gradient_norm", .number(norms[number]))]
                    + (examples.classes.map { [("class", .integer($0[number]))] } ?? []))
        }
        return [
            (
                "by_example",
                .object([
                    ("count", .integer(norms.count)), ("mean_square", .number(meanSquare)), ("median", .number(median)),
                    ("smallest", .number(norms.min() ?? .nan)), ("largest", .array(members)),
                ])
            )
        ]
    }

    private var exampleLines: [String] {
        guard let examples = result.examples, !examples.norms.isEmpty else { return [] }
        let norms = examples.norms, (meanSquare, median) = summary(norms)
        return [
            "‖∇ℓ‖₂ of \(norms.count) examples: median \(Format.number(median)), smallest \(Format.short(norms.min() ?? .nan)); mean square \(Format.number(meanSquare)) (trace of the empirical Fisher matrix); largest:"
        ]
            + largest.map { number in
                "  example \(number)\(examples.classes.map { ", class \($0[number])" } ?? "")  \(Format.number(norms[number]))"
            }
    }

    /// What is printed for people, a line each.
    public var lines: [String] {
        ["‖∇L‖₂  \(Format.number(result.norm))"]
            + result.layers.map {
                "  \($0.name.padding(toLength: 28, withPad: " ", startingAt: 0)) \(Format.number($0.norm))"
            } + exampleLines
    }

    /// Arrays of the `.npz` file.
    public var arrays: [(name: String, array: NumericArray)] {
        [("gradient", NumericArray(result.gradient))]
            + (result.examples.map { [("example_gradient_norms", NumericArray($0.norms))] } ?? [])
    }
    /// There is no picture.
    public var figure: (any Figure)? { nil }
    /// A header and rows of the `.csv` file.
    public var table: (header: [String], rows: [[Double]])? { nil }
}
