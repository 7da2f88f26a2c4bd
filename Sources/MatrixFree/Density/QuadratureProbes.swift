import Foundation
import Tensors

/// The probes of a `StochasticLanczosQuadrature`: Lanczos runs from random vectors of the space that is left, several side
/// by side.
struct QuadratureProbes {
    private let settings: StochasticLanczosQuadrature
    private let ends: SpectrumEnds
    /// Steps of a probe at most.
    private let most: Int
    private let settlement: Settlement?

    /// Whether more steps would tell less than more probes, by two looks at one probe.
    typealias Settlement = (_ before: SpectralQuadrature, _ now: SpectralQuadrature) -> Bool

    /// - Parameters:
    ///   - ends: what is taken out of the space.
    ///   - settlement: nil for that of the density that the settings describe.
    init(_ settings: StochasticLanczosQuadrature, outside ends: SpectrumEnds, settlement: Settlement? = nil) {
        (self.settings, self.ends) = (settings, ends)
        most = min(settings.steps, ends.dimension - ends.values.count)
        let density = settings.settling.map {
            DensitySettlement(
                share: $0,
                sigma: settings.sigma ?? ends.range.map { SpectralDensity.sigma($0.lowerBound, $0.upperBound) },
                probes: settings.probes, dimension: ends.dimension - ends.values.count)
        }
        self.settlement = settlement ?? density?.isReached
    }

    /// What a probe has found: the quadrature of the space that is left, of weight 1; an empty one where nothing is left.
    struct Found {
        let quadrature: SpectralQuadrature
        /// Whether more steps would change little, or nothing.
        let hasSettled: Bool
    }

    /// - Parameter progress: as of `StochasticLanczosQuadrature.run`.
    /// - Returns: one for every probe.
    func run(
        _ counter: inout ProductCounter<some LinearOperator>, _ progress: (_ products: Int, _ most: Int) throws -> Void
    ) throws -> [Found] {
        let nothing = SpectralQuadrature(nodes: [], weights: [], residuals: [])
        guard most > 0 else {
            return [Found](repeating: Found(quadrature: nothing, hasSettled: true), count: settings.probes)
        }
        let room = max(0, settings.memoryLimit - bytes(of: ends.values.count, vectors: ends.dimension))
        let together = max(1, min(settings.blockSize, room / bytes(of: most, vectors: ends.dimension)))
        var found: [Found] = []
        for first in stride(from: 0, to: settings.probes, by: together) {
            let range = first..<min(first + together, settings.probes)
            let made = counter.products
            // What a probe takes is known when there is one.
            let all =
                made + (settings.probes - first) * (found.map(\.quadrature.nodes.count).max() ?? settings.expectedSteps)
            found += try run(range, room: room / range.count, &counter) { try progress($0, max($0, all)) }
        }
        return found
    }

    /// - Parameter room: bytes for a probe's basis.
    private func run(
        _ probes: Range<Int>, room: Int, _ counter: inout ProductCounter<some LinearOperator>,
        _ progress: (_ products: Int) throws -> Void
    ) throws -> [Found] {
        let n = ends.dimension, random = settings.random, complement = ends.complement
        var running = try probes.map { index in
            let start = random.named("probe \(index)").signs(n)
            return Probe(
                process: try LanczosProcess(
                    basis: KrylovBasis(dimension: n, capacity: most, memoryLimit: room),
                    start: complement?.project(start) ?? start, random: random, rounding: settings.rounding,
                    subspace: complement))
        }
        while true {
            let active = running.indices.compactMap { index in
                running[index].isDone ? nil : running[index].process.next.map { (index, $0) }
            }
            if active.isEmpty { break }
            let results = try counter.apply(block: active.map(\.1))
            for ((index, x), product) in zip(active, results) {
                try running[index].process.absorb(x, product: product)
                try running[index].look(settlement)
            }
            try progress(counter.products)
        }
        return try running.map { Found(quadrature: try $0.quadrature(), hasSettled: $0.hasSettled || $0.isWhole) }
    }

    /// One probe's run.
    private struct Probe {
        var process: LanczosProcess
        private(set) var hasSettled = false
        private var looks: [SpectralQuadrature] = []

        init(process: LanczosProcess) { self.process = process }

        /// An exhausted Krylov space makes the quadrature exact.
        var isWhole: Bool { process.breakdowns > 0 || process.spansSpace }
        var isDone: Bool { hasSettled || process.isFull || isWhole }

        /// Every other step, beside the look that was a quarter of the steps before.
        mutating func look(_ settlement: Settlement?) throws {
            guard let settlement, process.count % 2 == 0, !isDone else { return }
            let now = try quadrature(), earlier = process.count - max(2, process.count / 4)
            if let before = looks.last(where: { $0.nodes.count <= earlier }) {
                hasSettled = settlement(before, now)
            }
            looks.append(now)
        }

        func quadrature() throws(MatrixFreeError) -> SpectralQuadrature {
            let ritz = try process.projection.ritzValues()
            return SpectralQuadrature(
                nodes: ritz.values, weights: ritz.first.map { $0 * $0 },
                residuals: ritz.last.map { abs(process.coupling * $0) + process.dropped })
        }
    }

    /// When more steps would tell less of a density than more probes.
    private struct DensitySettlement {
        /// Of the standard error of the mean over probes.
        let share: Double
        /// nil for 1 % of the nodes' range.
        let sigma: Double?
        let probes: Int
        /// Of the space that is left.
        let dimension: Int

        /// Whether the broadened density of a probe has changed by less than that between two looks.
        func isReached(_ before: SpectralQuadrature, _ now: SpectralQuadrature) -> Bool {
            guard let low = now.nodes.first, let high = now.nodes.last else { return true }
            let width = sigma ?? SpectralDensity.sigma(low, high)
            let count = min(400, Int((high - low) / width) * 2 + 9)
            let grid = (0..<count).map { low - 2 * width + (high - low + 4 * width) * Double($0) / Double(count - 1) }
            let old = SpectralDensity.broadened(before, sigma: width, at: grid)
            let new = SpectralDensity.broadened(now, sigma: width, at: grid)
            let squares = SpectralDensity.broadenedSquares(now, sigma: width, at: grid)
            // Less than a hundredth of one eigenvalue is nothing, wherever it is.
            let least = 0.01 / (Double(dimension) * width * (2 * Double.pi).squareRoot())
            return grid.indices.allSatisfy { i in
                let variance = 2 / Double(dimension + 2) * max(0, squares[i] - new[i] * new[i])
                return abs(new[i] - old[i]) <= share * (variance / Double(probes)).squareRoot() + least
            }
        }
    }
}
