import Analyses
import Essentials

/// The measures that know no radius.
extension SharpnessReport {
    var fieldsWithoutRadius: [(key: String, value: JSONValue)] {
        var fields: [(key: String, value: JSONValue)] = []
        if let critical = result.critical {
            fields.append(
                (
                    "critical",
                    .object([
                        ("value", .number(critical.value)), ("rate", .number(critical.rate)),
                        ("rate_bracket", JSONValue(critical.bracket)), ("descent", .number(critical.descent)),
                        ("evaluations", .integer(critical.evaluations)),
                    ])
                ))
        }
        if let directional = result.directional {
            fields.append(("directional", .object([("value", .number(directional.value))])))
        }
        if let fisherRao = result.fisherRao {
            fields.append(
                ("fisher_rao", .object([("value", .number(fisherRao.value)), ("norm", .number(fisherRao.norm))])))
        }
        if let noise = result.pacBayes {
            fields.append(
                (
                    "pac_bayes",
                    .object([
                        ("sigma", .number(noise.sigma)), ("standard_error", .number(noise.standardError)),
                        ("increase", .number(noise.increase)), ("evaluations", .integer(noise.evaluations)),
                    ])
                ))
        }
        if let found = result.learningCoefficient {
            fields.append(
                (
                    "learning_coefficient",
                    .object([
                        ("value", .number(found.value)), ("standard_error", .number(found.standardError)),
                        ("chains", JSONValue(found.chains)), ("rhat", .number(found.rhat)),
                        ("effective_samples", .number(found.effectiveSamples)),
                        ("acceptance", .number(found.acceptance)), ("step", .number(found.step)),
                        ("inverse_temperature", .number(found.inverseTemperature)),
                        ("localization", .number(found.localization)), ("gradients", .integer(found.gradients)),
                    ])
                ))
        }
        if let corrected = result.symmetryCorrected {
            fields.append(("symmetry_corrected", .object(members(corrected))))
        }
        return fields
    }

    /// One radius has its members at the top; several are a list under `curve`.
    private func members(_ corrected: SymmetryCorrectedSharpness) -> [(key: String, value: JSONValue)] {
        let points = corrected.points
        return
            (points.count == 1
            ? members(points[0].worstCase)
            : [("curve", .array(points.map { .object([("rho", .number($0.radius))] + members($0.worstCase)) }))])
            + [
                ("gradient_norm", .number(corrected.gradientNorm)), ("distance", .number(corrected.distance)),
                ("loss_change", .number(corrected.lossChange)), ("heads", .integer(corrected.symmetry.heads)),
                ("layers", .array(corrected.symmetry.layers.map { .string($0) })),
            ]
    }

    var linesWithoutRadius: [String] {
        var lines: [String] = []
        if let critical = result.critical { lines += self.lines(critical) }
        if let directional = result.directional {
            lines.append(
                directional.value.isNaN
                    ? "directional sharpness     undefined: the direction is 0"
                    : "directional sharpness     \(Format.number(directional.value))   (dᵀHd/dᵀd)")
        }
        if let fisherRao = result.fisherRao {
            lines.append(
                "Fisher-Rao norm           \(Format.number(fisherRao.norm))   (√θᵀGθ; θᵀGθ = \(Format.number(fisherRao.value)))"
            )
        }
        if let noise = result.pacBayes { lines += self.lines(noise) }
        if let found = result.learningCoefficient { lines += self.lines(found) }
        if let corrected = result.symmetryCorrected { lines += self.lines(corrected) }
        return lines
    }

    private func lines(_ critical: CriticalSharpness) -> [String] {
        let name = "critical sharpness 2/η_c  "
        if critical.value.isNaN {
            return [
                critical.descent == 0
                    ? "\(name) undefined: the gradient along the direction is 0"
                    : "\(name) undefined: the loss does not fall along the direction (gᵀd = \(Format.short(-critical.descent)))"
            ]
        }
        guard let bracket = critical.bracket else {
            return ["\(name) 0   (the loss does not come back to L(θ) along the direction)"]
        }
        return [
            "\(name) \(Format.number(critical.value))   (the loss is L(θ) again at the rate η_c = \(Format.number(critical.rate)), "
                + "between \(Format.number(bracket.lowerBound)) and \(Format.number(bracket.upperBound)); \(critical.evaluations) losses)"
        ]
    }

    private func lines(_ corrected: SymmetryCorrectedSharpness) -> [String] {
        let layers = corrected.symmetry.layers, heads = corrected.symmetry.heads
        return corrected.points.map { radius, worst in
            "symmetry-corrected        ≥ \(Format.number(worst.lowerBound))   (worst case, ρ = \(Format.short(radius)), at the balanced weights and across their orbit; one step \(Format.short(worst.oneStep)), λmax \(Format.short(worst.largestEigenvalue)))"
        } + [
            "  attention               \(heads) head\(heads == 1 ? "" : "s") in \(layers.count == 1 ? layers[0] : "each of \(layers.count) layers, \(layers[0]) to \(layers[layers.count - 1])"); the loss at the balanced weights differs by \(Format.short(corrected.lossChange))"
        ]
    }

    private func lines(_ noise: PACBayesFlatness) -> [String] {
        let cost = Format.short(noise.increase), each = scaling == "none" ? "σ²" : "σ²T²"
        let name = "PAC-Bayes flatness σ      "
        if noise.sigma.isNaN { return ["\(name) undefined: the loss is not finite"] }
        guard noise.sigma > 0, noise.sigma.isFinite else {
            return [
                noise.sigma == 0
                    ? "\(name) 0   (the smallest noise costs more than \(cost))"
                    : "\(name) ∞   (no noise costs \(cost))"
            ]
        }
        return [
            "\(name) \(Format.number(noise.sigma, error: noise.standardError)) ± \(Format.short(noise.standardError))   "
                + "(noise on each weight ~ N(0, \(each)) costs \(cost) of loss; \(noise.evaluations) losses)"
        ]
    }

    private func lines(_ found: LearningCoefficient) -> [String] {
        let name = "local learning coefficient"
        let chains =
            "\(found.chains.count) chains, R̂ \(Format.short(found.rhat)), \(Format.short(found.effectiveSamples)) independent draws, nβ \(Format.short(found.inverseTemperature)), γ \(Format.short(found.localization))"
        guard found.hasMixed else {
            return [
                "\(name)  no value: the chains have not mixed (\(chains)); try more --draws, or a larger --localization",
                "  of each chain           \(found.chains.map(Format.short).joined(separator: " "))",
            ]
        }
        return [
            "\(name)  \(Format.number(found.value, error: found.standardError)) ± \(Format.short(found.standardError))   (\(chains))"
        ]
    }
}
