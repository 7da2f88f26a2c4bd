import ArgumentParser
import Foundation
import Landscape

extension PathCurve.Kind: ExpressibleByArgument {}

/// The folder that networks along a curve are written to.
struct CurveFolder {
    private let path: String
    private let names: [String]

    /// Makes the folder where it is missing.
    ///
    /// - Parameters:
    ///   - inputs: paths of what the command reads, none of which is written over.
    ///   - profile: how many places the curve's profile has.
    ///   - loss: of the first network, where a curve that may be written over begins.
    /// - Throws: `UnusableRequest` where checkpoints in it would mix with the curve's, and where it cannot be written.
    init(_ path: String, apartFrom inputs: [String], profile: Int, from loss: ModelLoss) throws {
        guard !path.isEmpty else {
            throw UnusableRequest("--save-curve: found an empty name, expected a folder to write to")
        }
        self.path = path
        // The highest loss may be between two places.
        names = CurveCheckpoints.names(profile + 1)
        if FilePath.exists(path) {
            guard RandomAccessFile.isFolder(path) else {
                throw UnusableRequest("--save-curve \(path): it is a file; name a folder")
            }
            let found = try FilePath.names(in: path).filter { $0.hasSuffix(".bin") }.sorted()
            if let other = found.first(where: { !isOfCurve($0, from: loss) }) {
                throw UnusableRequest(
                    "--save-curve \(path): it holds \(other), which is of no curve from \(loss.name); name a new folder or an empty one"
                )
            }
        }
        try FilePath.makeFolder(path)
        let written = inputs.compactMap(FilePath.resolved)
        for name in names {
            if let place = FilePath.resolved(file(name)), let number = written.firstIndex(of: place) {
                throw UnusableRequest(
                    "--save-curve \(path): \(inputs[number]) in it is read here; name another folder")
            }
        }
        try OutputFile.checkWritable(file(names[0]))
    }

    /// Whether a file is what an earlier run of this command may have written: a point of a curve that begins with the same network.
    private func isOfCurve(_ name: String, from loss: ModelLoss) -> Bool {
        guard names.contains(name), let model = try? Model.open(file(name)),
            model.metadata.training?.derivation?.contains(CurveCheckpoints.mark) ?? false
        else { return false }
        return name != names[0] || model.theta == loss.theta
    }

    private func file(_ name: String) -> String { (path as NSString).appendingPathComponent(name) }

    /// Writes the networks; what cannot be written is told of when the session finishes.
    ///
    /// - Returns: where they are, as the report has it.
    func write(_ checkpoints: CurveCheckpoints, _ session: Session) throws -> (
        folder: String, checkpoints: Int, highest: String
    ) {
        let count = checkpoints.places.count
        var isWriting = true
        for (number, name) in names.enumerated() {
            try session.monitor.update("writing the curve", min(number, count), of: count)
            guard number < count else {
                // Of an earlier run, whose highest loss was between two places.
                if Ensemble.isFirst { unlink(file(name)) }
                continue
            }
            // All ranks measure statistics together, whatever the first can write.
            let checkpoint = try checkpoints.checkpoint(number)
            guard isWriting else { continue }
            do { try OutputFile.write(file(name)) { try checkpoint.write(to: $0) } } catch {
                session.note(error)
                isWriting = false
            }
        }
        return (path, count, file(names[checkpoints.highest]))
    }
}
