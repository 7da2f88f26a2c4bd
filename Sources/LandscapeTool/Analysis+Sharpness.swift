import Landscape

extension Analysis {
    /// With this many examples and more, the starts of a worst-case search compete on a part of them.
    private static let largeData = 16_384, scoutExamples = 4096

    /// How many vectors of θ's length a worst-case search holds: of every climb its place and slope with what is tried, of every
    /// radius what was found, and a Krylov basis.
    static func searchVectors(restarts: Int, radii: Int) -> ClosedRange<Int> {
        let least = 3 * (18 + restarts) + 2 * radii
        return least...(least + 200)
    }

    /// As far as the arithmetic resolves an increase: a mean of losses in Float32 has a relative error near 1e-8, of which an
    /// increase that is a hundredth of the loss loses two digits.
    var searchTolerance: Double { options.precision == .float ? 1e-6 : 1e-9 }

    /// The part of the data on which the starts of a worst-case search compete: a random one by the seed; nil for all of it.
    ///
    /// - Parameter examples: how many; nil for what suits the data, 0 for all.
    func scout(examples: Int?, scaling: [Double]? = nil) throws -> WorstCaseSearch.Scout? {
        let count = examples ?? (data.count >= Self.largeData ? Self.scoutExamples : 0)
        guard count > 0, count < data.count else { return nil }
        let order = RandomNumbers(seed: options.seed).named("scout").permutation(data.count)
        let part = try objective(on: order.prefix(count).sorted())
        let model = try LocalModel(
            part, at: theta, scaling: scaling, vectors: WorstCaseSearch.eigenvectors, memoryLimit: vectorBytes,
            seed: options.seed, progress: spectrumProgress(self, "eigenvectors of \(count) examples"))
        try Signals.check()
        return WorstCaseSearch.Scout(part, examples: count, model: model)
    }

    /// What worst-case searches at the checkpoint share.
    func localModel(scaling: [Double]? = nil, scout: WorstCaseSearch.Scout?) throws -> LocalModel {
        let model = try LocalModel(
            objective, at: theta, scaling: scaling, vectors: scout == nil ? WorstCaseSearch.eigenvectors : 1,
            start: scout?.topVector, memoryLimit: vectorBytes, seed: options.seed,
            progress: spectrumProgress(self, "largest eigenvalue"))
        try Signals.check()
        return model
    }
}
