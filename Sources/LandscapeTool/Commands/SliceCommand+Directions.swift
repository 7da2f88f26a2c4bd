import ArgumentParser
import Landscape

extension SliceCommand {
    /// The directions of one plane, normalised.
    func directions(_ count: Int, seed: UInt64, _ analysis: Analysis) throws -> SliceDirections {
        let (raw, kind) = try rawDirections(count, seed: seed, analysis)
        // Eigenvectors would be none any more, and differences of checkpoints have a length that means something.
        let isRandom = kind == "random" || kind == "gradient"
        let pair = SliceDirections(
            raw, kind: kind, at: analysis.theta, analysis.model.network.parameters,
            normalization: normalization ?? (isRandom ? .filter : .none), includes1D: includes1D,
            orthogonalizes: !noOrthogonalize && (isRandom || kind == "eigen"))
        for (i, vector) in pair.vectors.enumerated() where !(Vectors.norm(vector) > 0) {
            throw UnusableRequest(
                "direction \(i + 1) is zero\(pair.normalization == .none ? "" : " after \(pair.normalization.rawValue) normalisation"): name another --directions or --normalization"
            )
        }
        return pair
    }

    private func rawDirections(_ count: Int, seed: UInt64, _ analysis: Analysis) throws -> ([[Double]], String) {
        let (theta, objective) = (analysis.theta, analysis.objective)
        switch directions {
        case "random": return (SliceDirections.random(count, dimension: theta.count, seed: seed), "random")
        case "eigen":
            let spectrum = try lanczos(
                CurvatureOperator(objective, at: theta), largest: count, tolerance: 1e-3, maximumProducts: 300,
                seed: seed, progress: spectrumProgress(analysis, "eigenvectors"))
            try Signals.check()
            return (spectrum.largestVectors, "eigen")
        case "gradient":
            let gradient = try objective.valueAndGradient(at: theta).gradient
            let second = count == 2 ? [SliceDirections.random(2, dimension: theta.count, seed: seed)[1]] : []
            return ([gradient] + second, "gradient")
        case _ where directions.hasPrefix("pca:"):
            let folder = String(directions.dropFirst(4))
            let path = try CheckpointFolder(folder, layout: analysis.model.network.parameters)
            let plane = try TrajectoryPCA(path.models.map { $0.model.theta }, around: theta, axes: count)
            // The path then reaches from the centre to 1 (or −1) along each axis.
            let vectors = plane.directions.enumerated().map { axis, direction in
                let reach = plane.points.map { abs($0.coordinates[axis]) }.max() ?? 1
                return direction.map { $0 * reach }
            }
            return (vectors, "pca")
        case _ where directions.hasPrefix("file:"):
            let paths = directions.dropFirst(5).split(separator: ",").map(String.init)
            try expect(paths, count)
            return (try paths.map(analysis.vector), "file")
        case _ where directions.hasPrefix("to:"):
            let paths = directions.dropFirst(3).split(separator: ",").map(String.init)
            try expect(paths, count)
            return (try paths.map { Vectors.sum(try analysis.companion($0).theta, -1, theta) }, "to")
        default:
            throw UnusableRequest(
                "--directions \(directions): expected random, eigen, gradient, pca:DIR, to:CKPT[,CKPT] or file:d1.npy[,d2.npy]"
            )
        }
    }

    private func expect(_ paths: [String], _ count: Int) throws {
        guard paths.count == count else {
            throw UnusableRequest(
                "--directions \(directions) names \(paths.count), a \(count)-dimensional slice takes \(count)")
        }
    }
}
