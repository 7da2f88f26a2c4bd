import Analyses
import Essentials

extension SharpnessReport {
    /// What is printed for people, a line each.
    public var lines: [String] { lines(width: nil).map(\.text) }

    /// The same, with tables that fit a window.
    public func lines(width: Int?) -> [PrintedLine] {
        var lines: [PrintedLine] = []
        func add(_ texts: [String]) { lines += texts.map { PrintedLine($0) } }
        let measuresBall = points.contains { $0.worst != nil || $0.averageCase != nil || $0.oneStep != nil }
        if measuresBall {
            let radius = points.count == 1 ? " ≤ \(Format.short(points[0].radius))" : " ≤ ρ"
            add([
                "ball: ‖ε‖ \(norm == .l2 ? "ℓ2" : "ℓ∞")\(radius), scaling \(scaling); ‖∇L‖₂  \(Format.number(gradientNorm)); "
                    + "increases over the loss:"
            ])
            if points.count == 1 { add(detail(points[0])) } else { lines += curve.lines(width: width) }
            if points.contains(where: { $0.averageCase != nil || $0.batchwise?.interval95 != nil }) {
                add([Format.estimateLegend])
            }
        }
        if !keskar.isEmpty {
            add(["box of Keskar et al., φ = 100 (max L − L(θ))/(1 + L(θ)), in percent:"])
            let boxes = keskar.map { box in
                let space = box.subspace.map { "\($0) random dimensions, mean of \(box.repeats.count)" }
                return "  ε \(column(Format.short(box.epsilon), 8)) "
                    + column(space ?? "full space, best of \(box.repeats.count)", 32)
                    + " φ \(column(Format.number(box.value, error: box.standardDeviation), 12)) deviation \(Format.short(box.standardDeviation))"
            }
            add(boxes)
        }
        add(overflow)
        if !linesWithoutRadius.isEmpty {
            if lines.isEmpty { add(["‖∇L‖₂                     \(Format.number(gradientNorm))"]) }
            add(linesWithoutRadius)
        }
        return lines
    }

    /// What was left out because it was not finite.
    private var overflow: [String] {
        let worst = points.reduce(0) { $0 + ($1.worstCase?.nonfinite ?? 0) + ($1.batchwise?.nonfinite ?? 0) }
        let average = points.reduce(0) { $0 + ($1.averageCase?.nonfinite ?? 0) }
        let box = keskar.reduce(0) { $0 + $1.nonfinite }
        let steps = points.count { $0.oneStep?.increase.isFinite == false }
        guard worst + average + box + steps > 0 else { return [] }
        var parts: [String] = []
        if worst > 0 { parts.append("\(worst) of the worst case") }
        if steps > 0 { parts.append("\(steps) at one step") }
        if average > 0 {
            let all = points.reduce(0) { $0 + ($1.averageCase?.samples ?? 0) }
            parts.append("\(average) of the average case's \(all) samples")
        }
        if box > 0 { parts.append("\(box) of the box") }
        let advice =
            context.precision == .float ? "use --precision double, or smaller radii" : "use smaller radii"
        return [
            "losses that were not finite, left out: \(parts.joined(separator: ", ")); \(advice)"
        ]
    }

    private func column(_ text: String, _ width: Int) -> String {
        text.padding(toLength: max(width, text.count), withPad: " ", startingAt: 0)
    }

    private func detail(_ point: Point) -> [String] {
        var lines: [String] = []
        let estimate = "estimate \(estimateTerms.slope) + ½ρ²\(estimateTerms.curvature)"
        if let worst = point.worstCase {
            let place = worst.constraintIsActive ? "on the boundary" : "inside the ball"
            lines += [
                "worst case, lower bound   \(Format.number(worst.lowerBound))   (best of \(worst.restarts.count) starts; "
                    + "spread \(Format.short(worst.spread)); ‖ε‖ = \(Format.number(worst.epsilonNorm)), \(place))",
                "one step (SAM's ε)        \(Format.number(worst.oneStep))",
                "\(column(estimate, 25)) \(Format.number(worst.estimate))   (an estimate, no bound; λmax \(Format.number(worst.largestEigenvalue)))",
            ]
            if let model = worst.quadraticModel { lines.append("quadratic model's maximum \(Format.number(model))") }
            if let scout = worst.scout {
                lines.append("starts competed on \(scout.examples) examples; the highest continued on all:")
            }
            if worst.hops > 0 { lines.append("\(worst.hops) hops from the highest top") }
            for start in worst.restarts {
                let met = start.joined.map { ", where it met the climb from " + $0 } ?? ""
                let end = start.leftBehind ? ", left behind" : start.converged ? "" : ", not converged: raise --steps"
                lines.append(
                    "  from \(column(start.start, 18)) \(Format.number(start.increase)) after \(start.iterations) "
                        + "iteration\(start.iterations == 1 ? "" : "s")\(met)\(end)"
                )
            }
        }
        if let step = point.oneStep {
            lines.append(
                "one step (SAM's ε)        \(Format.number(step.increase))   (the worst case is at least this; first order \(estimateTerms.slope) = \(Format.number(step.firstOrder)))"
            )
        }
        if let mean = point.batchwise {
            let values = mean.batches.map(\.lowerBound)
            lines += [
                "m-sharpness, m = \(mean.batchSize): the mean over \(values.count) batch\(values.count == 1 ? "" : "es") of each one's worst case",
                "  lower bound             \(Format.estimate(mean.lowerBound, error: mean.standardError, interval: mean.interval95))   (batches from \(Format.short(values.min() ?? 0)) to \(Format.short(values.max() ?? 0)))",
                "  one step (SAM's ε)      \(Format.number(mean.oneStep))",
                "  \(column(estimate, 23)) \(Format.number(mean.estimate))   (an estimate, no bound)",
            ]
        }
        if let average = point.averageCase {
            let finite = average.nonfinite > 0 ? "\(average.samples - average.nonfinite) of " : ""
            lines.append(
                "average case, each weight ~ N(0, ρ²)   \(Self.text(average))   (\(finite)\(average.samples) samples)"
            )
        }
        return lines
    }

    /// A row for every radius.
    private var curve: TextTable {
        let worst = points.map(\.worst)
        var columns = [TextTable.Column("ρ", points.map { Format.short($0.radius) }, width: 10)]
        func add(_ title: String, _ values: [Double?]) {
            columns.append(TextTable.Column(title, values.map { Format.number($0) }, width: 14))
        }
        if worst.contains(where: { $0 != nil }) {
            let bounds = points.map { point in
                Format.estimate(
                    point.worst?.lowerBound ?? .nan, error: point.batchwise?.standardError,
                    interval: point.batchwise?.interval95)
            }
            columns.append(TextTable.Column("worst case ≥", bounds, width: 14))
            add("one step", worst.map { $0?.oneStep })
            add("estimate", worst.map { $0?.estimate })
        }
        if points.contains(where: { $0.oneStep != nil }) {
            add("one step", points.map { $0.oneStep?.increase })
            add("first order", points.map { $0.oneStep?.firstOrder })
        }
        if worst.contains(where: { $0?.quadraticModel != nil }) { add("quadratic", worst.map { $0?.quadraticModel }) }
        if points.contains(where: { $0.averageCase != nil }) {
            let means = points.map { $0.averageCase.map(Self.text) ?? "" }
            columns.append(TextTable.Column("average case (ρ: deviation of each weight)", means))
        }
        return TextTable(columns)
    }

    private static func text(_ average: AverageCaseSharpness) -> String {
        Format.estimate(average.value, error: average.standardError, interval: average.interval95)
    }
}
