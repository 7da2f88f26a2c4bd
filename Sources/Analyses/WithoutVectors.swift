extension Slice {
    /// The same without its directions' numbers, which take as much memory as the network.
    package var withoutVectors: Slice {
        var slice = self
        slice.directions = directions.described
        return slice
    }
}

extension SliceAnalysis.Result {
    /// The same without its directions' numbers.
    package var withoutVectors: SliceAnalysis.Result {
        SliceAnalysis.Result(
            planes: planes.map { .init(seed: $0.seed, slice: $0.slice.withoutVectors) }, reach: reach)
    }
}

extension TrajectoryAnalysis.Result {
    /// The same without the principal directions.
    package var withoutVectors: TrajectoryAnalysis.Result {
        TrajectoryAnalysis.Result(
            surface: surface.withoutVectors, explainedVariance: explainedVariance, scaledBy: scaledBy, folders: folders,
            points: points, end: end)
    }
}

extension SharpnessAnalysis.Result {
    /// The same without the ε of any radius.
    package var withoutVectors: SharpnessAnalysis.Result {
        var result = self
        for i in points.indices { result.points[i].worstCase?.forgetEpsilon() }
        for i in (symmetryCorrected?.points ?? []).indices {
            result.symmetryCorrected?.points[i].worstCase.forgetEpsilon()
        }
        return result
    }
}

extension SpectrumAnalysis.Result {
    /// The same without eigenvectors.
    package var withoutVectors: SpectrumAnalysis.Result {
        var result = self
        (result.vectors, result.product) = ([], [])
        return result
    }
}
