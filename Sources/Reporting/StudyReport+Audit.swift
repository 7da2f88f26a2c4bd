import Analyses
import Essentials
import Training

/// Which measures survive small changes of the training.
extension StudyReport {
    /// The member `audit`, where there is one.
    var auditFields: [(key: String, value: JSONValue)] {
        guard let audit else { return [] }
        let rows = audit.rows.map { row -> (key: String, value: JSONValue) in
            var cells: [(key: String, value: JSONValue)] = [("spread", JSONValue(row.spread))]
            for kind in RecipeVariant.Kind.allCases {
                if let movement = row.kinds[kind] { cells.append((kind.rawValue, members(movement))) }
            }
            return (row.name, .object(cells + [("all", members(row.all))]))
        }
        let fields: [(key: String, value: JSONValue)] = [
            ("folder", .string(audit.folder)), ("seeds", .integer(audit.changes.seeds)),
            ("lr_factor", .number(audit.changes.learningRateFactor)),
            ("batch_size_factor", .number(audit.changes.batchSizeFactor)),
            ("trainings", .array(audit.trainings.map { members($0) })), ("measures", .object(rows)),
        ]
        return [("audit", .object(fields))]
    }

    /// The recipe's change, then what a run has where the training did not diverge.
    private func members(_ training: StudyAudit.Retrained) -> JSONValue {
        let recipe = training.variant.configuration
        let change: [(key: String, value: JSONValue)] = [
            ("of", .string(study.runs[training.run].checkpoint)), ("change", .string(training.variant.kind.rawValue)),
            ("label", .string(training.variant.label)), ("seed", .integer(Int(truncatingIfNeeded: recipe.seed))),
            ("lr", .number(recipe.learningRate)), ("batch_size", .integer(recipe.batchSize)),
            ("divergence", training.divergence.map { .string($0) } ?? .null),
        ]
        guard let result = training.result, case .object(let measured) = members(result) else {
            return .object([("checkpoint", .string(training.checkpoint))] + change)
        }
        return .object(Array(measured.prefix(1)) + change + Array(measured.dropFirst()))
    }

    private func members(_ movement: Movement) -> JSONValue {
        .object([
            ("moved", JSONValue(movement.moved)), ("within", JSONValue(movement.within)),
            ("between", JSONValue(movement.between)), ("share", JSONValue(movement.share)),
            ("share_interval", JSONValue(movement.shareInterval)),
            ("kendall_tau", JSONValue(movement.tau)), ("turned_over", JSONValue(movement.turnedOver)),
            ("pairs", .integer(movement.pairs)),
        ])
    }

    /// A table with a row for each measure, and what its columns mean.
    func auditLines(width: Int?) -> [PrintedLine] {
        guard let audit else { return [] }
        let kinds = RecipeVariant.Kind.allCases.filter { kind in audit.rows.contains { $0.kinds[kind] != nil } }
        let moved = kinds.map { kind in
            TextTable.Column(
                words(kind),
                audit.rows.map { row in
                    guard let spread = row.spread, spread > 0, let moved = row.kinds[kind]?.moved else { return "–" }
                    return Format.short(moved / spread)
                }, width: 11)
        }
        let columns =
            [
                TextTable.Column("measure", audit.rows.map(\.title), width: 28),
                TextTable.Column("spread", audit.rows.map { Format.number($0.spread) }, width: 13),
            ] + moved + [
                TextTable.Column("between recipes", audit.rows.map { share($0.all) }, width: 22),
                TextTable.Column(
                    "turned over", audit.rows.map { $0.all.turnedOver.map(Format.percent) ?? "–" }, width: 13),
                TextTable.Column("τ", audit.rows.map { $0.all.tau.map(Format.short) ?? "–" }),
            ]
        let diverged = audit.trainings.count { $0.divergence != nil }
        return [
            PrintedLine(""),
            PrintedLine(
                "\(audit.trainings.count) trainings of changed recipes in \(audit.folder)\(diverged > 0 ? ", of which \(diverged) diverged" : "")"
            ),
        ] + TextTable(columns).lines(width: width)
            + [
                "spread: standard deviation of the checkpoints. \(kinds.map { words($0) }.joined(separator: ", ")): root mean square change, in spreads",
                "between recipes: their share of the variance, with a 95 % bootstrap interval; the rest is within one recipe",
                "turned over: pairs of checkpoints whose order a change turns over, made to both alike; τ: Kendall's τ-b of the two orders",
            ].map { PrintedLine($0) }
    }

    private func words(_ kind: RecipeVariant.Kind) -> String {
        switch kind {
        case .seed: "seed"
        case .learningRate: "rate"
        case .batchSize: "batch"
        }
    }

    private func share(_ movement: Movement) -> String {
        guard let share = movement.share else { return "–" }
        return Format.estimate(share, error: nil, interval: movement.shareInterval)
    }
}
