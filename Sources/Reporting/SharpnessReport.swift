import Analyses
import ArrayFiles
import Essentials
import Plotting

/// Sharpness in a ball of one radius or several, and in Keskar's boxes.
public struct SharpnessReport: Report {
    typealias Point = SharpnessAnalysis.Point

    /// What the result is of, and how it was computed.
    public var context: RunContext
    /// What is shown.
    public let result: SharpnessAnalysis.Result

    /// - Parameter result: what is shown.
    public init(context: RunContext, _ result: SharpnessAnalysis.Result) {
        (self.context, self.result) = (context, result)
    }

    /// Of a plain function.
    ///
    /// - Parameters:
    ///   - function: what it is called, in results and under pictures.
    ///   - result: what is shown.
    public init(function: String, _ result: SharpnessAnalysis.Result) {
        self.init(context: RunContext(function: function, command: "sharpness"), result)
    }

    var points: [Point] { result.points }
    var norm: Ball.Norm { result.norm }
    var gradientNorm: Double { result.gradientNorm }
    var keskar: [KeskarSharpness] { result.boxes }
    /// The terms of the estimate ρ‖Tg‖* + ½ρ²λmax(THT): in the cube the dual norm is ‖·‖₁, and ‖z‖₂² is at most Pρ².
    var estimateTerms: (slope: String, curvature: String) {
        let isAdaptive = result.adaptiveShift != nil, isCube = norm == .linf
        return (
            "ρ‖\(isAdaptive ? "Tg" : "g")‖\(isCube ? "₁" : "")", "\(isCube ? "P" : "")λmax\(isAdaptive ? "(THT)" : "")"
        )
    }
    var scaling: String { result.adaptiveShift.map { "adaptive, η = \($0)" } ?? "none" }

    // MARK: JSON

    /// One radius has its members at the top; several are a list under `curve`, and `rho` is a list.
    public var fields: [(key: String, value: JSONValue)] {
        let radii = points.map(\.radius)
        var fields: [(key: String, value: JSONValue)] = [
            ("rho", radii.count == 1 ? .number(radii[0]) : JSONValue(radii)), ("norm", .string(norm.rawValue)),
            ("scaling", .string(scaling)), ("gradient_norm", .number(gradientNorm)),
        ]
        if points.count == 1 {
            fields += members(points[0])
        } else if points.contains(where: { !members($0).isEmpty }) {
            fields.append(("curve", .array(points.map { .object([("rho", .number($0.radius))] + members($0)) })))
        }
        if let first = keskar.first {
            let all = ("all", JSONValue.array(keskar.map { .object(members($0)) }))
            fields.append(("keskar", .object(members(first) + (keskar.count > 1 ? [all] : []))))
        }
        return fields + fieldsWithoutRadius
    }

    private func members(_ point: Point) -> [(key: String, value: JSONValue)] {
        var fields: [(key: String, value: JSONValue)] = []
        if let worst = point.worstCase { fields.append(("worst_case", .object(members(worst)))) }
        if let batchwise = point.batchwise { fields.append(("worst_case", .object(members(batchwise)))) }
        if let step = point.oneStep {
            fields.append(
                (
                    "worst_case",
                    .object([
                        ("one_step", .number(step.increase)), ("first_order", .number(step.firstOrder)),
                        ("epsilon_norm", .number(step.epsilonNorm)), ("gradients", .integer(1)),
                        ("values", .integer(1)),
                    ])
                ))
        }
        if let average = point.averageCase {
            fields.append(
                (
                    "average_case",
                    .object([
                        ("value", .number(average.value)), ("standard_error", .number(average.standardError)),
                        ("interval95", JSONValue(average.interval95)), ("samples", .integer(average.samples)),
                        ("nonfinite", .integer(average.nonfinite)),
                    ])
                ))
        }
        return fields
    }

    func members(_ worst: WorstCaseSharpness) -> [(key: String, value: JSONValue)] {
        let starts = worst.restarts.map { start in
            JSONValue.object([
                ("start", .string(start.start)), ("increase", .number(start.increase)),
                ("iterations", .integer(start.iterations)), ("converged", .bool(start.converged)),
                ("joined", start.joined.map { .string($0) } ?? .null), ("left_behind", .bool(start.leftBehind)),
                ("curve", JSONValue(start.curve)),
            ])
        }
        return [
            ("lower_bound", .number(worst.lowerBound)), ("one_step", .number(worst.oneStep)),
            ("estimate", .number(worst.estimate)), ("quadratic_model", JSONValue(worst.quadraticModel)),
            ("largest_eigenvalue", .number(worst.largestEigenvalue)), ("epsilon_norm", .number(worst.epsilonNorm)),
            ("constraint_active", .bool(worst.constraintIsActive)), ("spread", .number(worst.spread)),
            ("restarts", .array(worst.restarts.map { .number($0.increase) })), ("starts", .array(starts)),
            ("hops", .integer(worst.hops)),
            ("gradients", .integer(worst.gradients)), ("values", .integer(worst.values)),
            ("products", .integer(worst.products)), ("nonfinite", .integer(worst.nonfinite)),
        ]
            + (worst.scout.map {
                [
                    (
                        "scout",
                        .object([
                            ("examples", .integer($0.examples)), ("gradients", .integer($0.gradients)),
                            ("values", .integer($0.values)), ("products", .integer($0.products)),
                        ])
                    )
                ]
            } ?? [])
    }

    private func members(_ mean: BatchwiseSharpness) -> [(key: String, value: JSONValue)] {
        [
            ("lower_bound", .number(mean.lowerBound)), ("one_step", .number(mean.oneStep)),
            ("estimate", .number(mean.estimate)), ("m", .integer(mean.batchSize)),
            ("standard_error", JSONValue(mean.standardError)), ("interval95", JSONValue(mean.interval95)),
            ("batches", JSONValue(mean.batches.map(\.lowerBound))),
            ("batch_sizes", .array(mean.sizes.map { .integer($0) })),
            ("epsilon_norm", .number(mean.batches.map(\.epsilonNorm).max() ?? 0)),
            ("gradients", .integer(mean.batches.reduce(0) { $0 + $1.gradients })),
            ("products", .integer(mean.batches.reduce(0) { $0 + $1.products })),
            ("nonfinite", .integer(mean.nonfinite)),
        ]
    }

    private func members(_ box: KeskarSharpness) -> [(key: String, value: JSONValue)] {
        [
            ("value", .number(box.value)), ("epsilon", .number(box.epsilon)),
            ("subspace", box.subspace.map { .integer($0) } ?? .null), ("mean", .number(box.mean)),
            ("standard_deviation", .number(box.standardDeviation)), ("repeats", JSONValue(box.repeats)),
            ("gradients", .integer(box.gradients)), ("nonfinite", .integer(box.nonfinite)),
        ]
    }

    // MARK: Arrays and table

    /// Arrays of the `.npz` file.
    public var arrays: [(name: String, array: NumericArray)] {
        var arrays: [(name: String, array: NumericArray)] = []
        let worst = points.compactMap(\.worstCase)
        if worst.count == 1 {
            arrays = [
                ("epsilon", NumericArray(worst[0].epsilon)),
                ("restarts", NumericArray(worst[0].restarts.map(\.increase))),
            ]
        } else if let first = worst.first {
            arrays = [
                (
                    "epsilon",
                    NumericArray(worst.flatMap(\.epsilon), shape: [worst.count, first.epsilon.count])
                )
            ]
        }
        guard let table else { return arrays }
        return arrays
            + table.header.enumerated().map { column, name in (name, NumericArray(table.rows.map { $0[column] })) }
    }

    /// A row for every radius.
    public var table: (header: [String], rows: [[Double]])? {
        var header = ["rho"], rows = points.map { [$0.radius] }
        func add(_ name: String, _ value: (Point) -> Double?) {
            guard points.contains(where: { value($0) != nil }) else { return }
            header.append(name)
            for (row, point) in points.enumerated() { rows[row].append(value(point) ?? .nan) }
        }
        add("lower_bound") { $0.worst?.lowerBound }
        add("one_step") { $0.worst?.oneStep ?? $0.oneStep?.increase }
        add("first_order") { $0.oneStep?.firstOrder }
        add("estimate") { $0.worst?.estimate }
        add("quadratic_model") { $0.worst?.quadraticModel }
        add("standard_error") { $0.batchwise?.standardError }
        add("average") { $0.averageCase?.value }
        add("average_standard_error") { $0.averageCase?.standardError }
        if let corrected = result.symmetryCorrected {
            header.append("symmetry_corrected")
            for (row, point) in corrected.points.enumerated() { rows[row].append(point.worstCase.lowerBound) }
        }
        return header.count > 1 ? (header, rows) : nil
    }
}

extension SharpnessAnalysis.Point {
    /// Increases of the worst case: what was found, at one step, by the estimate and in the quadratic model.
    var worst: (lowerBound: Double, oneStep: Double, estimate: Double, quadraticModel: Double?)? {
        if let worstCase {
            return (worstCase.lowerBound, worstCase.oneStep, worstCase.estimate, worstCase.quadraticModel)
        }
        return batchwise.map { ($0.lowerBound, $0.oneStep, $0.estimate, nil) }
    }
}
