import Foundation
import Landscape

/// A command's run on many checkpoints, one after another.
struct CheckpointSeries {
    /// Of each checkpoint, in the order of its step.
    let paths: [String]
    private let steps: [Int]

    /// The checkpoints that arguments name: files, or folders of `.bin` files.
    static func paths(_ arguments: [String]) throws -> [String] {
        try arguments.flatMap { argument -> [String] in
            guard RandomAccessFile.isFolder(argument) else { return [argument] }
            let names = try FilePath.names(in: argument).filter { $0.hasSuffix(".bin") }
            guard !names.isEmpty else {
                throw UnusableRequest("\(argument) is a folder without checkpoints (.bin); name a checkpoint")
            }
            return names.sorted().map { (argument as NSString).appendingPathComponent($0) }
        }
    }

    /// What the result of a series has beside what all analyses share.
    static let keys: ResultKeys = ["checkpoints"]

    /// Where the picture of a series goes without -o.
    static func picture(_ paths: [String], _ command: String) -> String {
        let folder = FilePath.folder(of: paths[0])
        return (folder.isEmpty ? "" : folder == "/" ? "/" : folder + "/") + "\(command).png"
    }

    /// Refuses other weights where checkpoints have their own.
    static func check(_ weights: String?, _ paths: [String]) throws {
        if let weights {
            throw UnusableRequest(
                "--weights \(weights): found \(paths.count) checkpoints, expected one, whose graph the weights are for")
        }
    }

    /// Looks at every file before long work begins.
    init(_ paths: [String]) throws {
        let summaries = try paths.map { try CheckpointSummary.read($0) }
        let steps = CheckpointFolder.steps(of: paths, summaries.map(\.metadata))
        let order = paths.indices.sorted { (steps[$0], paths[$0]) < (steps[$1], paths[$1]) }
        (self.paths, self.steps) = (order.map { paths[$0] }, order.map { steps[$0] })
    }

    /// Measures each checkpoint, and reports those that were measured where the work is interrupted.
    func run<Result: Report>(
        _ session: Session, _ measure: (String) throws -> Result,
        _ quantities: (Result) -> [(name: String, value: Double)]
    ) throws {
        var members: [CheckpointSeriesReport.Member] = []
        var interruption: (any Error)?
        do {
            for (number, path) in paths.enumerated() {
                try session.monitor.update("checkpoints", number, of: paths.count, path)
                let report = try measure(path)
                members.append(.init(step: steps[number], report, quantities: quantities(report)))
            }
        } catch let error where error is Interruption || error is CancellationError {
            guard !members.isEmpty else { throw error }
            interruption = Interruption(
                advice: "the result is of the \(members.count) of \(paths.count) checkpoints that were measured")
        }
        let folder = FilePath.folder(of: paths[0])
        try session.finish(
            CheckpointSeriesReport(members, folder: folder.isEmpty ? "." : folder, seconds: session.seconds))
        if let interruption { throw interruption }
    }
}
