import ArrayFiles
import Essentials
import Foundation
import Networks
import ONNX

/// The checkpoints of one training, imported into one folder: graph and data are read once, and each checkpoint records the step that
/// its name says.
public struct ImportSeries: Sendable {
    /// Weights, and where their checkpoint goes.
    public struct Member: Sendable, Equatable {
        /// The file or folder of the weights.
        public let path: String
        /// The number in its name.
        public let step: Int
        /// The checkpoint's file.
        public let output: String
    }

    /// In the order of their steps.
    public let members: [Member]
    /// Files that have no step in their names, unlike the others.
    public let ignored: [String]

    /// Finds the weights of a training's checkpoints.
    ///
    /// - Parameters:
    ///   - paths: files of weights, folders of one checkpoint each, or folders of such files and folders.
    ///   - pattern: which number in the names is the step, as `StepNumbers.step` takes it; nil to find it by comparing names.
    ///   - folder: where the checkpoints go, `NAME.bin` of each `NAME`.
    /// - Throws: `UnusableRequest` where there are no weights, names do not tell the steps, or two checkpoints have one step or name.
    public init(_ paths: [String], pattern: String? = nil, to folder: String) throws {
        let found = try paths.flatMap(Self.weights)
        guard !found.isEmpty else {
            throw UnusableRequest(
                "\(paths.joined(separator: ", ")): found no weights, expected files or folders of them")
        }
        if let pattern, pattern.filter({ $0 == "N" }).count != 1 {
            throw UnusableRequest("--step \(pattern): expected one N, which stands for the step, such as 'epoch=N-*'")
        }
        let steps =
            pattern.map { pattern in found.map { StepNumbers.step(in: $0, pattern: pattern) } }
            ?? StepNumbers.steps(of: found)
        let known = zip(found, steps).compactMap { path, step in step.map { (path: path, step: $0) } }
        guard !known.isEmpty else {
            throw UnusableRequest(
                pattern.map { "--step \($0): found no such name among \(found.map(StepNumbers.base).shown)" }
                    ?? "the names \(found.map(StepNumbers.base).shown) do not say the steps; name the number with --step, such as --step 'epoch=N-*'"
            )
        }
        ignored = zip(found, steps).filter { $0.1 == nil }.map(\.0)
        members = known.map {
            Member(path: $0.path, step: $0.step, output: "\(folder)/\(StepNumbers.base($0.path)).bin")
        }.sorted { ($0.step, $0.path) < ($1.step, $1.path) }
        for (one, next) in zip(members, members.dropFirst()) where one.step == next.step {
            throw UnusableRequest(
                "\(one.path) and \(next.path) are both step \(one.step); name the number that tells them apart with --step"
            )
        }
        let outputs = members.map(\.output).sorted()
        if let twice = zip(outputs, outputs.dropFirst()).first(where: { $0 == $1 }) {
            throw UnusableRequest("two checkpoints would be \(twice.0); rename one of the files")
        }
    }

    /// How many checkpoints lie in a folder that is none itself; 0 for all else.
    public static func checkpoints(in path: String) -> Int {
        guard RandomAccessFile.isFolder(path), let found = try? weights(path), found != [path] else { return 0 }
        return found.count
    }

    /// Endings of names of weights.
    private static let endings: Set = ["pt", "pth", "th", "ckpt", "safetensors", "npz"]

    /// The weights at a path: a file, a folder that is one checkpoint, or all that lie in a folder.
    private static func weights(_ path: String) throws -> [String] {
        guard RandomAccessFile.isFolder(path) else { return [path] }
        if (try? StateDictionary.weightsFile(in: path)) != nil { return [path] }
        let names = try FilePath.names(in: path).sorted()
        return try names.filter { !$0.hasPrefix(".") }.map { (path as NSString).appendingPathComponent($0) }.filter {
            path in
            if RandomAccessFile.isFolder(path) { return (try? StateDictionary.weightsFile(in: path)) != nil }
            let isWeights = [.safetensors, .pyTorch, .npz].contains(FileKind.of(path))
            if !isWeights, Self.endings.contains((path as NSString).pathExtension.lowercased()) {
                throw UnusableRequest(
                    "\(path) holds no weights that can be read, such as a file that was cut short; remove it or save it again"
                )
            }
            return isWeights
        }
    }

    /// Imports every member that its checkpoint is not of already, so that an interrupted import goes on.
    ///
    /// - Parameters:
    ///   - settings: what is the same for all of them; the path of its source's weights is each member's.
    ///   - monitor: told of the progress; what it throws ends the work between checkpoints.
    ///   - finished: told of each checkpoint, and what a user should know of it; nil where it was there already.
    /// - Throws: what `ModelImport.run` throws for the first member that cannot be imported.
    public func run(
        _ settings: ModelImport, monitor: Monitor = .silent, _ finished: (Member, ImportedCheckpoint?) throws -> Void
    ) throws {
        var settings = settings
        let graph = try settings.graph()
        let prepared = try settings.prepared(for: graph)
        for (number, member) in members.enumerated() {
            try monitor.update("import", number, of: members.count)
            settings.source = settings.source.of(member.path)
            settings.step = member.step
            settings.origin = try settings.digest(of: member)
            if let there = try? CheckpointSummary.read(member.output),
                there.metadata.other[ModelImport.originKey] == settings.origin
            {
                try finished(member, nil)
                continue
            }
            let imported = try settings.run(prepared, graph: graph)
            try imported.checkpoint.write(to: member.output)
            try finished(member, imported)
        }
        try monitor.update("import", members.count, of: members.count)
    }
}

extension ModelImport.Source {
    /// The same with other weights.
    fileprivate func of(_ path: String) -> Self {
        switch self {
        case .graph(let graph, _): .graph(graph, weights: path)
        case .weights(_, let model): .weights(path, of: model)
        }
    }
}

extension ModelImport {
    /// The key of a checkpoint's metadata that says of what it was made.
    static let originKey = "imported_from"

    /// The data, as `run` would load them.
    ///
    /// - Parameter graph: nil for an architecture of this program.
    func prepared(for graph: ONNXFile?) throws -> PreparedData {
        switch source {
        case .graph: try (graph.map(preparation) ?? preparation(keepsTokens: true)).load()
        case .weights(_, let model): try preparation(keepsTokens: Network.takesTokens(model)).load()
        }
    }

    /// The graph's file; nil for an architecture of this program.
    fileprivate func graph() throws -> ONNXFile? {
        guard case .graph(let path, _) = source else { return nil }
        return try graph(path)
    }

    /// What tells that a checkpoint was made of this member with these settings: the weights' bytes, and everything chosen.
    fileprivate func digest(of member: ImportSeries.Member) throws -> String {
        var digest = SHA256()
        var paths = [member.path]
        if RandomAccessFile.isFolder(member.path) { paths = [try StateDictionary.weightsFile(in: member.path)] }
        if case .graph(let graph, _) = source { paths.append(graph) }
        if let adapter {
            paths.append(RandomAccessFile.isFolder(adapter) ? try StateDictionary.weightsFile(in: adapter) : adapter)
        }
        for path in try paths.flatMap({ try StateDictionary.files(of: $0) }) {
            let file = try RandomAccessFile(path)
            digest.update(Array("\(file.size)\0".utf8))
            for begin in stride(from: 0, to: file.size, by: 1 << 20) {
                digest.update(try file.bytes(begin..<min(begin + 1 << 20, file.size)))
            }
        }
        var model = ""
        if case .weights(_, let name) = source { model = name }
        let chosen =
            "\(model)\0\(data.absolute)\0\(loss?.specification ?? "")\0\(standardization)\0\(precision?.rawValue ?? "")\0\(seed)"
            + "\0\(parameters)\0\(frozen)\0\(tool ?? "")\0\(member.step)"
            + "\0\(labelSmoothing)\0\(prediction ?? "")\0\(target ?? "")\0\(batchSize ?? 0)"
        digest.update(Array(chosen.utf8))
        return digest.hexadecimal()
    }
}
