import Analyses
import Essentials

extension Alignment {
    /// Members of a JSON object that say how units were matched; docs/definitions.md lists them.
    public var fields: [(key: String, value: JSONValue)] {
        var fields: [(key: String, value: JSONValue)] = [("kind", .string(kind.rawValue))]
        if let activations {
            fields += [
                ("examples", .integer(activations.examples)),
                ("correlation_before", .number(activations.correlations.before)),
                ("correlation", .number(activations.correlations.after)),
            ]
        }
        if let refinement {
            fields.append(
                (
                    "refinement",
                    .object([
                        ("steps", .integer(refinement.steps)), ("tried", .integer(refinement.tried)),
                        ("loss_before", .number(refinement.losses.before)), ("loss", .number(refinement.losses.after)),
                    ])
                ))
        }
        return fields
    }

    /// What is printed of it for people.
    public var notes: [String] {
        var notes: [String] = []
        if let activations {
            notes.append(
                "mean correlation of activations \(Format.short(activations.correlations.after)), before \(Format.short(activations.correlations.before)), on \(activations.examples) examples"
            )
        }
        if let refinement {
            notes.append(
                "loss half way \(Format.short(refinement.losses.after)), before \(refinement.steps) steps of refinement \(Format.short(refinement.losses.before))"
            )
        }
        return notes
    }
}
