import Landscape

extension Analysis {
    /// How the points of a slice are chosen.
    struct Sampling {
        /// Share of the range within which points are interpolated; nil to evaluate all.
        var tolerance: Double?
        /// Whether the tolerance is of the accuracy.
        var controlsAccuracy = false
        /// Whether the picture is logarithmic, and the tolerance of the logarithm, too.
        var isLogarithmic = false
        var shard: SliceShard?
    }

    /// Evaluates the points of a slice, all or those that are needed, and says how far it is.
    ///
    /// - Parameters:
    ///   - objective: nil for the checkpoint's own.
    ///   - other: the same on other data.
    ///   - seed: of the adaptive choice; nil for that of the options.
    func compute(
        _ computation: inout SliceComputation, _ name: String, _ sampling: Sampling,
        objective: (any Objective)? = nil, other: (any Objective)? = nil, seed: UInt64? = nil
    ) throws {
        let objective = objective ?? self.objective
        let progress = progress(name)
        let points = computation.points
        if let tolerance = sampling.tolerance {
            try computation.refine(
                objective, other: other, at: theta, tolerance: tolerance, controlsAccuracy: sampling.controlsAccuracy,
                forcesLogarithm: sampling.isLogarithmic, seed: seed ?? options.seed
            ) { count, error in
                try progress.update(
                    count, of: nil,
                    "of \(points) points at most; largest expected error \(Format.short(error)) × tolerance")
            }
        } else {
            let total = (0..<points).count { sampling.shard?.contains($0) ?? true }
            try computation.run(objective, other: other, at: theta, shard: sampling.shard) {
                try progress.update($0, of: total)
            }
        }
    }
}
