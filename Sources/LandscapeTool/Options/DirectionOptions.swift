import ArgumentParser
import Landscape

/// The directions of a slice, as the command line gives them.
struct DirectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How directions are scaled to the weights (default: filter for random and gradient directions, none for others).",
            valueName: "rule")
    )
    var normalization: DirectionNormalization?
    @Flag(
        name: .customLong("include-1d"),
        help: "Move biases and norm scales, too. Under filter each is one filter: the whole tensor gets its norm.")
    var includes1D = false
    @Option(
        help: ArgumentHelp(
            "random, eigen, gradient, pca:DIR (the path of the checkpoints there), to:CKPT[,CKPT…], or file:d1.npy[,d2.npy…].",
            valueName: "kind")
    )
    var directions = "random"
    @Flag(
        help:
            "Leave the second direction, and the third, as it is. (Random, gradient and eigen directions are made orthogonal; to:, file: and pca: are used as given.)"
    )
    var noOrthogonalize = false
    @Option(
        help: ArgumentHelp("Repeat with so many seeds of random directions and draw mean and band.", valueName: "count")
    )
    var planes = 1

    static let names = ["--normalization", "--include-1d", "--directions", "--no-orthogonalize", "--planes"]
    private static let mostPlanes = 1000

    func validate() throws {
        guard (1...Self.mostPlanes).contains(planes) else {
            throw ValidationError("--planes \(planes): expected 1 to \(Self.mostPlanes)")
        }
        if planes > 1, directions != "random" {
            throw ValidationError(
                "--planes \(planes) with --directions \(directions): only random directions have seeds")
        }
    }

    /// The slice of a grid.
    func analysis(_ grid: SliceGrid, _ loss: ModelLoss, _ session: Session, seed: UInt64) throws -> SliceAnalysis {
        var analysis = SliceAnalysis(grid)
        analysis.directions = try parsed(loss, session, grid.dimension)
        (analysis.normalization, analysis.includes1D) = (normalization, includes1D)
        (analysis.orthogonalizes, analysis.planes, analysis.seed) = (!noOrthogonalize, planes, seed)
        return analysis
    }

    /// What `--directions` leads to, in short.
    var shown: [String] {
        guard let colon = directions.firstIndex(of: ":") else { return [] }
        return shortNames(directions[directions.index(after: colon)...].split(separator: ",").map(String.init))
    }

    /// How many vectors of θ's length a slice along them holds.
    func vectors(along count: Int) -> ClosedRange<Int> {
        SliceAnalysis.vectors(along: count, isEigen: directions == "eigen")
    }

    /// What `--directions` names, with what its files hold.
    private func parsed(_ loss: ModelLoss, _ session: Session, _ count: Int) throws -> SliceAnalysis.Directions {
        func paths(after prefix: String) throws -> [String] {
            let paths = directions.dropFirst(prefix.count).split(separator: ",").map(String.init)
            guard paths.count == count else {
                throw UnusableRequest(
                    "--directions \(directions) names \(paths.count), a \(count)-dimensional slice takes \(count)")
            }
            return paths
        }
        switch directions {
        case "random": return .random
        case "eigen": return .eigenvectors
        case "gradient": return .gradient
        case _ where directions.hasPrefix("pca:"):
            let folder = try CheckpointFolder(
                String(directions.dropFirst(4)), layout: loss.model.network.parameters)
            let plane = try TrajectoryPCA(folder.models.map { $0.model.theta }, around: loss.theta, axes: count)
            return .vectors(plane.reachingDirections, kind: "pca")
        case _ where directions.hasPrefix("file:"):
            return .vectors(try paths(after: "file:").map { try session.vector($0, for: loss) }, kind: "file")
        case _ where directions.hasPrefix("to:"):
            return .vectors(
                try paths(after: "to:").map { path in
                    let other = try Model.open(path)
                    try loss.checkTensors(of: other, path)
                    return Vectors.sum(other.theta, -1, loss.theta)
                }, kind: "to")
        default:
            let near = ["random", "eigen", "gradient"].suggestion(for: directions)
            throw UnusableRequest(
                "--directions \(directions): expected random, eigen, gradient, pca:DIR, to:CKPT[,CKPT] or file:d1.npy[,d2.npy]\(near)"
            )
        }
    }
}
