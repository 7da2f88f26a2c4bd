import Essentials
import Foundation
import Objectives
import Synchronization
import Testing

@testable import Analyses

/// Every analysis on a plain function from closures, without networks, data or tensors, against closed forms.
@Suite struct PlainFunctionTests {
    /// ½ (9x² + 4y² + z²): its minimum is 0 at the origin.
    static var bowl: ClosureObjective {
        ClosureObjective(
            dimension: 3, value: { 0.5 * (9 * $0[0] * $0[0] + 4 * $0[1] * $0[1] + $0[2] * $0[2]) },
            gradient: { [9 * $0[0], 4 * $0[1], $0[2]] },
            hessianVectorProduct: { _, v in [9 * v[0], 4 * v[1], v[2]] })
    }

    @Test func spectrum() throws {
        var analysis = SpectrumAnalysis(largest: 2, smallest: 1)
        (analysis.estimatesTrace, analysis.along, analysis.probes) = (true, [1, 1, 1], 9)
        let result = try analysis.run(Self.bowl, at: [0, 0, 0])
        let top = try #require(result.top), bottom = try #require(result.bottom)
        #expect(zip(top.values, [9, 4]).allSatisfy { abs($0 - $1) < 1e-9 } && abs(bottom.values[0] - 1) < 1e-9)
        #expect(result.converged && result.along?.quadraticForm == 14 && result.product == [9, 4, 1])
        // Three products find the range of a matrix of three columns, so that nothing is left to estimate.
        #expect(abs((result.trace?.trace.value ?? 0) - 14) < 1e-9)
    }

    /// In a ball around the minimum of a quadratic the worst case is ½ρ²λmax.
    @Test func worstCase() throws {
        let result = try SharpnessAnalysis(radii: [0.1, 0.2]).run(Self.bowl, at: [0, 0, 0])
        for (point, radius) in zip(result.points, [0.1, 0.2]) {
            #expect(abs((point.worstCase?.lowerBound ?? 0) - 4.5 * radius * radius) < 1e-9)
        }
        #expect(result.gradientNorm == 0)
    }

    /// Directions of a plain vector have length 1, and the second is orthogonal to the first.
    @Test func randomDirectionsNeedNoTensors() throws {
        let axis = SliceAxis(range: -1...1, points: 5)
        let slice = try SliceAnalysis(SliceGrid(axis, axis)).run(Self.bowl, at: [0, 0, 0]).slice
        let vectors = slice.directions.vectors
        #expect(abs(vectors[0].reduce(0) { $0 + $1 * $1 } - 1) < 1e-12)
        #expect(abs(zip(vectors[0], vectors[1]).reduce(0) { $0 + $1.0 * $1.1 }) < 1e-12)
        #expect(slice.center == 0 && slice.audit.centerIsExact == true)
        // The grid's second difference is dᵀHd on a quadratic.
        for (grid, exact) in zip(slice.audit.curvatureFromGrid, slice.audit.curvatureFromProduct) {
            #expect(abs(try #require(grid) - #require(exact)) < 1e-9)
        }
    }

    /// A function of which only values are known has a slice, without the exact half of its audit.
    @Test func valuesAloneMakeASlice() throws {
        let kink = ClosureObjective(dimension: 2, value: { abs($0[0]) + $0[1] })
        var analysis = SliceAnalysis(SliceGrid(SliceAxis(range: -1...1, points: 5)))
        analysis.directions = .vectors([[1, 0]], kind: "coordinate")
        let slice = try analysis.run(kink, at: [0, 3]).slice
        #expect(slice.loss == [4, 3.5, 3, 3.5, 4] && slice.audit.curvatureFromProduct == [nil])
        #expect(throws: ObjectiveError.noHessian) { try SpectrumAnalysis().run(kink, at: [0, 3]) }
        #expect(throws: ObjectiveError.noGradient) { try SharpnessAnalysis().run(kink, at: [0, 3]) }
    }

    @Test func whatNeedsMoreThanAFunctionIsRefused() throws {
        var blocks = SpectrumAnalysis()
        blocks.findsBlocks = true
        #expect(throws: UnusableRequest.self) { try blocks.run(Self.bowl, at: [0, 0, 0]) }
        var filters = SliceAnalysis(SliceGrid(SliceAxis(range: -1...1, points: 5)))
        filters.normalization = .filter
        #expect(throws: UnusableRequest.self) { try filters.run(Self.bowl, at: [0, 0, 0]) }
        var batches = SharpnessAnalysis()
        batches.batchSize = 2
        #expect(throws: ObjectiveError.noExamples) { try batches.run(Self.bowl, at: [0, 0, 0]) }
        #expect(throws: UnusableRequest.self) { try SpectrumAnalysis(largest: 4).run(Self.bowl, at: [0, 0, 0]) }
    }

    /// What a monitor throws ends the work and comes out of it.
    @Test func monitorsEndTheWork() throws {
        struct Enough: Error {}
        let calls = Atomic(0)
        let impatient = Monitor(onUpdate: { _ in
            if calls.add(1, ordering: .relaxed).newValue > 2 { throw Enough() }
        })
        #expect(throws: Enough.self) {
            try SpectrumAnalysis(largest: 2).run(
                Self.bowl, at: [0, 0, 0], monitor: Monitor(onUpdate: { _ in throw Enough() }))
        }
        var analysis = SliceAnalysis(SliceGrid(SliceAxis(range: -1...1, points: 101)))
        analysis.directions = .vectors([[1, 0, 0]], kind: "coordinate")
        #expect(throws: Enough.self) { try analysis.run(Self.bowl, at: [0, 0, 0], monitor: impatient) }
    }
}
