import Datasets
import Objectives
import Tensors
import Testing
import Training

@testable import Analyses

/// How much numbers move against how much they order the runs, on numbers whose variances are known.
@Suite struct StudyAuditTests {
    private func changes(_ label: String, _ values: [Double]) -> [Movement.Change] {
        values.enumerated().map { Movement.Change(run: $0, label: label, value: $1) }
    }

    /// Groups {x, x + d, x − d}: MSW = d², and MSB = 3V with V the variance of x, so that σ²b = V − d²/3.
    @Test func balancedGroups() throws {
        let x = [1.0, 2, 4], d = 0.3, variance = 7.0 / 3
        let movement = Movement(x, changes("up", x.map { $0 + d }) + changes("down", x.map { $0 - d }))
        let between = variance - d * d / 3
        #expect(abs(try #require(movement.moved) - d) < 1e-13)
        #expect(abs(try #require(movement.within) - d) < 1e-13)
        #expect(abs(try #require(movement.between) - between.squareRoot()) < 1e-13)
        #expect(abs(try #require(movement.share) - between / (between + d * d)) < 1e-13)
        // All move alike: no order is turned over.
        #expect(movement.tau == 1 && movement.turnedOver == 0 && movement.pairs == 6)
    }

    /// {0, 2} and {10, 12, 14} by hand: MSB = 145.2, MSW = 10/3, n₀ = 5 − 13/5 = 2.4.
    @Test func groupsOfSeveralSizes() throws {
        let movement = Movement(
            [0, 10],
            [
                .init(run: 0, label: "a", value: 2), .init(run: 1, label: "a", value: 12),
                .init(run: 1, label: "b", value: 14),
            ])
        let within = 10.0 / 3, between = (145.2 - within) / 2.4
        #expect(abs(try #require(movement.within) - within.squareRoot()) < 1e-13)
        #expect(abs(try #require(movement.between) - between.squareRoot()) < 1e-13)
        #expect(abs(try #require(movement.share) - between / (between + within)) < 1e-13)
        #expect(abs(try #require(movement.moved) - 8.0.squareRoot()) < 1e-13)
        #expect(movement.pairs == 1 && movement.turnedOver == 0)
    }

    /// Orders under one change are compared with each other, not with those under another.
    @Test func ordersUnderAChange() throws {
        let x = [1.0, 2, 3]
        let one = Movement(x, changes("x", [2, 1, 3]))
        #expect(one.pairs == 3)
        #expect(abs(try #require(one.turnedOver) - 1 / 3.0) < 1e-15)
        #expect(abs(try #require(one.tau) - 1 / 3.0) < 1e-15)
        let both = Movement(x, changes("x", [2, 1, 3]) + changes("y", [30, 20, 10]))
        #expect(both.pairs == 6)
        #expect(abs(try #require(both.turnedOver) - 4 / 6.0) < 1e-15)
        #expect(abs(try #require(both.tau) + 1 / 3.0) < 1e-15)
        // A tie is no order before, and turns none over after.
        let ties = Movement([1, 1, 2], changes("x", [5, 4, 4]))
        #expect(ties.pairs == 2 && ties.turnedOver == 0.5)
    }

    /// Variances 4 between and 1 within: the share is 0.8, and two draws of one recipe differ by √2.
    @Test func knownVariances() throws {
        let runs = 500, labels = 3
        let recipe = RandomNumbers(seed: 1).normals(runs), noise = RandomNumbers(seed: 2).normals(runs * (labels + 1))
        func value(_ run: Int, _ draw: Int) -> Double { 2 * recipe[run] + noise[run * (labels + 1) + draw] }
        let movement = Movement(
            (0..<runs).map { value($0, 0) },
            (1...labels).flatMap { draw in changes("seed\(draw)", (0..<runs).map { value($0, draw) }) },
            resamples: 200)
        // Standard errors: 0.01 of the share, 0.02 of both deviations.
        let share = try #require(movement.share), interval = try #require(movement.shareInterval)
        #expect(abs(share - 0.8) < 0.04 && interval.contains(share) && interval.contains(0.8))
        #expect(interval.upperBound - interval.lowerBound < 0.08)
        #expect(abs(try #require(movement.within) - 1) < 0.08)
        #expect(abs(try #require(movement.moved) - 2.0.squareRoot()) < 0.1)
        // Recipes that do not differ have no share, however far single trainings lie apart.
        let alike = Movement([1, -1, 1, -1], changes("x", [-1, 1, -1, 1]))
        #expect(alike.share == 0 && alike.turnedOver == 1 && alike.tau == -1)
    }

    @Test func numbersThatAreMissing() {
        let none = Movement([1, 2, 3], [])
        #expect(none.moved == nil && none.share == nil && none.tau == nil && none.turnedOver == nil && none.pairs == 0)
        // A run without a number and a change without one say nothing; the others are as without them.
        let x = [1.0, 2, .nan, 4]
        let some = Movement(x, changes("up", [1.5, 1, 3, .nan]))
        #expect(some == Movement([1, 2], changes("up", [1.5, 1])))
        #expect(Movement([1, 1], changes("x", [1, 1])).share == nil)
    }

    /// Rows of a study: what moves by a seed, and what by nothing.
    @Test func rowsOfAStudy() throws {
        func run(_ eigenvalue: Double, gap: Double) throws -> Study.Run {
            let objective = QuadraticObjective(matrix: [eigenvalue, 0, 0, 0.1], linear: [0, 0], constant: 1)
            var settings = StudyMeasures.Settings()
            settings.measures = [.largestEigenvalue, .weightNorm]
            return Study.Run(
                checkpoint: "\(eigenvalue)", trainLoss: 1, testLoss: 1 + gap, trainAccuracy: nil, testAccuracy: nil,
                measures: try StudyMeasures(objective, at: [1, 1], settings))
        }
        let study = Study([try run(1, gap: 0.1), try run(2, gap: 0.3), try run(4, gap: 0.2)])
        var changes = RecipeChanges()
        (changes.seeds, changes.batchSizeFactor) = (1, 1)
        let recipe = TrainingConfiguration(model: "mlp:64-8-10", data: .digits)
        // The learning rate moves the curvature, the seed nothing; one training has diverged.
        let moves: [String: Double] = ["seed1": 0, "lr-up": 0.3, "lr-down": -0.3]
        var trainings: [StudyAudit.Retrained] = []
        for (number, eigenvalue) in [1.0, 2.0, 4.0].enumerated() {
            for variant in changes.variants(of: recipe, examples: 100) {
                let move = try #require(moves[variant.label]), isLost = number == 2 && variant.kind == .seed
                let result = try run(eigenvalue + move, gap: study.runs[number].lossGap)
                trainings.append(
                    StudyAudit.Retrained(
                        run: number, variant: variant, checkpoint: "", result: isLost ? nil : result,
                        divergence: isLost ? "so" : nil))
            }
        }
        let audit = StudyAudit(study, trainings, changes: changes, folder: "again")
        #expect(audit.rows.map(\.name) == ["lambda_max", "weight_norm", "loss_gap"])
        let row = audit.rows[0]
        #expect(abs(try #require(row.spread) - (7.0 / 3).squareRoot()) < 1e-6)
        let rate = try #require(row.kinds[.learningRate]), seed = try #require(row.kinds[.seed])
        #expect(row.kinds.count == 2)
        #expect(abs(try #require(rate.moved) - 0.3) < 1e-6)
        #expect(try #require(seed.moved) < 1e-6)
        #expect(rate.pairs == 6 && seed.pairs == 1 && row.all.pairs == 7)
        #expect(try #require(audit.rows[1].spread) < 1e-12)
        #expect(audit.rows[2].all.moved == 0 && audit.rows[2].all.share == 1)
    }
}
