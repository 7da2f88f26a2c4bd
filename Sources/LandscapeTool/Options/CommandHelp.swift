import ArgumentParser
import Landscape

extension CommandConfiguration {
    /// What `--help` says about a command: what it does, what to know first, and commands to begin with.
    ///
    /// - Parameters:
    ///   - abstract: one sentence; the list of all commands shows it, too.
    ///   - remark: what the abstract leaves out.
    ///   - examples: command lines that work as typed.
    init(_ name: String, _ abstract: String, usage: String? = nil, remark: String? = nil, examples: [String]) {
        self.init(
            commandName: name, abstract: abstract, usage: usage,
            discussion: Self.discussion(remark: remark, examples: examples))
    }

    static func discussion(remark: String? = nil, examples: [String]) -> String {
        let lines = examples.map { "  " + continued($0, columns: 76) }
        return (remark.map { $0 + "\n\n" } ?? "") + "EXAMPLES:\n" + lines.joined(separator: "\n")
    }

    /// A command line over as many lines as it needs, which a shell still reads as one.
    private static func continued(_ command: String, columns: Int) -> String {
        var lines = [""]
        // An option stays on the line of its value.
        for words in command.split(separator: /\ (?=-)/) {
            if !lines[lines.count - 1].isEmpty, lines[lines.count - 1].count + 1 + words.count > columns {
                lines.append("    " + words)
            } else {
                lines[lines.count - 1] += (lines[lines.count - 1].isEmpty ? "" : " ") + words
            }
        }
        return lines.joined(separator: " \\\n  ")
    }
}

/// What options of several commands say.
extension ArgumentHelp {
    /// Of `-o`, whose value has no name otherwise.
    static func file(_ abstract: String) -> ArgumentHelp { ArgumentHelp(abstract, valueName: "file") }

    static var adaptive: ArgumentHelp {
        ArgumentHelp(
            "Evaluate only the points needed to interpolate the rest within this share of the values' range, such as 0.01.",
            valueName: "tolerance")
    }
    static var log: ArgumentHelp { "Draw on a logarithmic scale." }
    static var radiusAndDeviation: ArgumentHelp {
        ArgumentHelp(
            "Radius ρ of the worst case, and deviation of each weight in the average case.", valueName: "radius")
    }
    static var weights: ArgumentHelp {
        ArgumentHelp(
            "Measure with the weights of this file in place of the checkpoint's, such as those of another epoch: .safetensors, .npz, .pt, or a checkpoint.",
            valueName: "file")
    }
    static var data: ArgumentHelp {
        ArgumentHelp(
            "Data to measure on (default: the training's): \(DataSpecification.forms).", valueName: "specification")
    }
    static var examples: ArgumentHelp { ArgumentHelp("Use only so many examples, the first ones.", valueName: "count") }
    static var batchSize: ArgumentHelp {
        ArgumentHelp("Examples computed at once (default: what fits the memory).", valueName: "examples")
    }
    static var precision: ArgumentHelp {
        ArgumentHelp("Precision of the network. Sums over examples are always double.", valueName: "type")
    }
    static var analysisPrecision: ArgumentHelp {
        ArgumentHelp(
            "Precision of the network (default: float; of saddle double). Sums over examples are always double.",
            valueName: "type")
    }
    static var seed: ArgumentHelp { ArgumentHelp("Seed of everything random.", valueName: "number") }
    static var batchnorm: ArgumentHelp {
        ArgumentHelp(
            "Statistics of batch normalisation: stored (the running ones), batch (each batch's own), or recalibrate (averages over the data, measured first).",
            valueName: "statistics")
    }
    static var show: ArgumentHelp {
        "Draw the result in the terminal, too: as a picture where it can show one, else with coloured characters."
    }
    static var resume: ArgumentHelp {
        "Go on from the work that an interrupted run of this command has kept beside the checkpoint."
    }
    static var activation: ArgumentHelp {
        ArgumentHelp("Activation in place of the model's own.", valueName: "function")
    }
    static var norm: ArgumentHelp { ArgumentHelp("Normalisation in place of the model's own.", valueName: "kind") }
}
