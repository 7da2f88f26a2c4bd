import ArrayFiles
import Essentials
import Networks

/// What building a graph on trial found when it was imported: it can be built for every size of batch, and gives so many numbers for
/// an example. A checkpoint keeps it, so that the graph need not be tried again when it is opened.
///
/// It counts only for the very description and examples that were tried, which a digest tells, and only for the operators as this version
/// builds them. Where it does not count, the graph is tried again.
package struct TrialBuilds: Equatable {
    /// The key of a checkpoint's metadata that holds it.
    package static let metadataKey = "operator_graph_trials"
    /// Grows when operators are built in another way, so that an old finding says nothing any more.
    private static let version = 1

    /// Numbers for an example.
    let outputs: Int
    private let digest: String

    /// - Parameters:
    ///   - description: the graph as a checkpoint has it.
    ///   - inputs: as the data have them.
    package init(of description: String, inputs: [NetworkInput], outputs: Int) {
        self.outputs = outputs
        digest = Self.digest(description, inputs)
    }

    /// - Throws: `ONNXError.damagedDescription` where the text is no such finding.
    package init(encoded text: String) throws(ONNXError) {
        guard let json = try? JSONValue(parsing: Array(text.utf8)), let outputs = json["outputs"]?.int, outputs > 0,
            let digest = json["sha256"]?.string
        else { throw .damagedDescription("what its import found") }
        (self.outputs, self.digest) = (outputs, digest)
    }

    /// What `init(encoded:)` reads.
    package var encoded: String {
        JSONValue.object([("outputs", .integer(outputs)), ("sha256", .string(digest))]).compactText
    }

    /// Whether exactly this was tried.
    func isOf(_ description: String, _ inputs: [NetworkInput]) -> Bool {
        digest == Self.digest(description, inputs)
    }

    private static func digest(_ description: String, _ inputs: [NetworkInput]) -> String {
        let inputs = inputs.map { "\($0.shape)\0\($0.takesTokens)" }.joined(separator: "\0")
        return SHA256.hexadecimal(Array("\(version)\0\(inputs)\0\(description)".utf8))
    }
}

extension Network {
    /// The network of a graph of operators as a checkpoint keeps it.
    ///
    /// - Parameters:
    ///   - description: what `OperatorGraph.encoded()` gave.
    ///   - trials: what `TrialBuilds.encoded` gave at the import; nil for checkpoints that lack it, whose graph is tried now.
    ///   - name: what it is called in results.
    ///   - inputs: as the data have them.
    /// - Throws: `ONNXError` where the description or the finding is damaged, or the graph cannot be built.
    package init(
        operatorGraph description: String, trials: String?, name: String, inputs: [NetworkInput]
    ) throws {
        let graph = try OperatorGraph(encoded: description)
        let trials = try trials.map { (text) throws(ONNXError) in try TrialBuilds(encoded: text) }
        let counting = trials.flatMap { $0.isOf(description, inputs) ? $0 : nil }
        self = try graph.network(name: name, inputs: inputs, tried: counting)
    }
}
