import Analyses
import Essentials

extension SharpnessReport {
    /// What is printed for people, a line each.
    public var lines: [String] {
        var lines: [String] = []
        let measuresBall = points.contains { $0.worst != nil || $0.averageCase != nil }
        if measuresBall {
            let radius = points.count == 1 ? " ≤ \(Format.short(points[0].radius))" : " ≤ ρ"
            lines.append(
                "ball: ‖ε‖ \(norm == .l2 ? "ℓ2" : "ℓ∞")\(radius), scaling \(scaling); ‖∇L‖₂  \(Format.number(gradientNorm)); "
                    + "increases over the loss:")
            lines += points.count == 1 ? detail(points[0]) : curve
            if points.contains(where: { $0.averageCase != nil || $0.batchwise?.interval95 != nil }) {
                lines.append("[ ]: 95 % interval")
            }
        }
        if !keskar.isEmpty {
            lines.append("box of Keskar et al., φ = 100 (max L − L(θ))/(1 + L(θ)), in percent:")
            lines += keskar.map { box in
                let space = box.subspace.map { "\($0) random dimensions, mean of \(box.repeats.count)" }
                return "  ε \(column(Format.short(box.epsilon), 8)) "
                    + column(space ?? "full space, best of \(box.repeats.count)", 36)
                    + " φ \(column(Format.number(box.value), 12)) deviation \(Format.short(box.standardDeviation))"
            }
        }
        return lines + overflow
    }

    /// What was left out because it was not finite.
    private var overflow: [String] {
        let worst = points.reduce(0) { $0 + ($1.worstCase?.nonfinite ?? 0) + ($1.batchwise?.nonfinite ?? 0) }
        let average = points.reduce(0) { $0 + ($1.averageCase?.nonfinite ?? 0) }
        let box = keskar.reduce(0) { $0 + $1.nonfinite }
        guard worst + average + box > 0 else { return [] }
        var parts: [String] = []
        if worst > 0 { parts.append("\(worst) of the worst case") }
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
        if let mean = point.batchwise {
            let values = mean.batches.map(\.lowerBound)
            lines += [
                "m-sharpness, m = \(mean.batchSize): the mean over \(values.count) batch\(values.count == 1 ? "" : "es") of each one's worst case",
                "  lower bound             \(Format.number(mean.lowerBound, within: mean.interval95))   (batches from \(Format.short(values.min() ?? 0)) to \(Format.short(values.max() ?? 0)))",
                "  one step (SAM's ε)      \(Format.number(mean.oneStep))",
                "  \(column(estimate, 23)) \(Format.number(mean.estimate))   (an estimate, no bound)",
            ]
        }
        if let average = point.averageCase {
            let finite = average.nonfinite > 0 ? "\(average.samples - average.nonfinite) of " : ""
            lines.append(
                "average case, each weight ~ N(0, ρ²)   \(Format.number(average.value, within: average.interval95))   (\(finite)\(average.samples) samples)"
            )
        }
        return lines
    }

    /// A line for every radius.
    private var curve: [String] {
        var header = column("ρ", 10)
        let hasWorst = points.contains { $0.worst != nil }
        let hasModel = points.contains { $0.worst?.quadraticModel != nil }
        let hasAverage = points.contains { $0.averageCase != nil }
        let boundWidth = points.contains { $0.batchwise?.interval95 != nil } ? 32 : 14
        if hasWorst { header += column("worst case ≥", boundWidth) + column("one step", 14) + column("estimate", 14) }
        if hasModel { header += column("quadratic", 14) }
        if hasAverage { header += "average case (ρ: deviation of each weight)" }
        return [header]
            + points.map { point in
                var line = column(Format.short(point.radius), 10)
                if hasWorst {
                    line += column(
                        Format.number(point.worst?.lowerBound ?? .nan, within: point.batchwise?.interval95), boundWidth)
                    for value in [point.worst?.oneStep, point.worst?.estimate] {
                        line += column(Format.number(value), 14)
                    }
                }
                if hasModel { line += column(Format.number(point.worst?.quadraticModel), 14) }
                if let average = point.averageCase {
                    line += Format.number(average.value, within: average.interval95)
                }
                return line
            }
    }
}
