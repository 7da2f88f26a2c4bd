import Analyses
import Datasets
import Essentials
import Foundation
import MatrixFree

/// One measure of every checkpoint of a report, with what is known of its error.
struct Measure {
    /// What is known of the error.
    enum ErrorKind {
        /// Exact for the examples it is of, but for rounding.
        case rounding
        /// A residual of an eigenvalue.
        case residual
        /// An interval that covers the value for 95 % of seeds.
        case interval
        /// An interval for other test examples.
        case examples
        /// A lower bound: nobody knows how far above it the value lies.
        case bound
    }

    /// Of one checkpoint.
    struct Value {
        let value: Double
        /// Ends of what the error allows; nil where the error is rounding or unknown.
        var range: ClosedRange<Double>?
    }

    /// Whether two checkpoints differ.
    enum Verdict: String {
        case beyond = "larger than the errors"
        case within = "within the errors"
        case open = "open: lower bounds"
        case different = "exact for these data"
        case equal = "equal"
    }

    /// `name` heads a row; `phrase` stands in a sentence.
    let key: String, name: String, phrase: String, term: String
    let error: ErrorKind
    var isShare = false
    /// In a few words.
    let meaning: String
    /// Nil where a checkpoint has none.
    let values: [Value?]

    func text(_ value: Double) -> String { isShare ? Format.percent(value) : Format.figure(value) }

    /// The error in words, such as `28.4 to 30.8`.
    func errorText(_ value: Value) -> String {
        switch error {
        case .rounding: return ""
        case .bound: return "lower bound"
        case .residual: return value.range.map { "residual \(Format.brief($0.upperBound - value.value))" } ?? ""
        case .interval, .examples:
            guard let range = value.range, range.lowerBound < range.upperBound else { return "" }
            let ends = [range.lowerBound, range.upperBound].map { isShare ? text($0) : Format.brief($0) }
            return "\(ends[0]) to \(ends[1])"
        }
    }

    /// The value as it is, with a sign for bounds.
    func shown(_ value: Value) -> String { (error == .bound ? "≥ " : "") + text(value.value) }

    func difference(_ first: Value, _ second: Value) -> String {
        let difference = second.value - first.value
        guard difference.isFinite else { return "–" }
        let sign = difference > 0 ? "+" : ""
        return isShare
            ? String(format: "\(sign)%.2f points", 100 * difference).replacing("-", with: "−")
            : sign + Format.brief(difference)
    }

    /// Whether two values differ by more than their errors.
    ///
    /// Intervals are combined as Zou & Donner have it (2008, Stat. Med. 27, 1693), for intervals that are not symmetric: the difference of
    /// a > b lies above a − b − √((a − aₗ)² + (bᵤ − b)²). Residuals are bounds, so they are added. The checkpoints share random vectors
    /// and examples, so the verdict errs towards `within`.
    func verdict(_ first: Value, _ second: Value) -> Verdict? {
        let (low, high) = first.value < second.value ? (first, second) : (second, first)
        guard low.value.isFinite, high.value.isFinite else { return nil }
        let difference = high.value - low.value
        if difference == 0 { return .equal }
        switch error {
        case .bound: return .open
        case .rounding:
            let size = max(abs(low.value), abs(high.value))
            return difference <= Self.rounding * size ? .equal : .different
        case .residual, .interval, .examples:
            guard let lower = low.range, let upper = high.range else { return nil }
            let up = lower.upperBound - low.value, down = high.value - upper.lowerBound
            let error = self.error == .residual ? up + down : (up * up + down * down).squareRoot()
            return difference > error ? .beyond : .within
        }
    }

    /// Sums of Float32 in another order differ by less.
    private static let rounding = 1e-6

    /// The verdict on the checkpoints that are farthest apart, and which these are; nil with fewer than two values.
    var extremes: (low: Int, high: Int, verdict: Verdict)? {
        let known = values.indices.filter { values[$0]?.value.isFinite ?? false }
        guard let low = known.min(by: { values[$0]!.value < values[$1]!.value }),
            let high = known.max(by: { values[$0]!.value < values[$1]!.value }), known.count > 1,
            let verdict = verdict(values[low]!, values[high]!)
        else { return nil }
        return (low, high, verdict)
    }
}

extension Measure {
    /// All that a report compares.
    static func all(of subjects: [ReportSubject]) -> [Measure] {
        guard let first = subjects.first else { return [] }
        let radius = Format.short(first.radius), split = first.context.split.word
        func exact(_ value: Double?) -> Value? { value.map { Value(value: $0) } }
        func measure(
            _ key: String, _ name: String, as phrase: String? = nil, _ term: String, _ error: ErrorKind,
            _ meaning: String, isShare: Bool = false,
            _ value: (ReportSubject) -> Value?
        ) -> Measure {
            Measure(
                key: key, name: name, phrase: "the " + (phrase ?? name), term: term, error: error, isShare: isShare,
                meaning: meaning,
                values: subjects.map(value))
        }
        let other = subjects.compactMap { $0.other?.split.word }.first ?? "test"
        let all = [
            measure("loss", "\(split) loss", "loss", .rounding, "mean error over these examples") {
                exact($0.context.loss)
            },
            measure(
                "accuracy", "\(split) accuracy", "accuracy", .rounding, "share of these examples classified right",
                isShare: true
            ) { exact($0.context.accuracy) },
            measure("other_loss", "\(other) loss", "loss", .rounding, "mean error over the \(other) examples") {
                exact($0.other?.loss)
            },
            measure(
                "other_accuracy", "\(other) accuracy", other == "test" ? "wilson" : "accuracy",
                other == "test" ? .examples : .rounding, "share of \(other) examples classified right", isShare: true
            ) { subject in
                subject.other.flatMap { other in
                    other.accuracy.map { Value(value: $0, range: wilson($0, of: other.examples)) }
                }
            },
            measure("weight_norm", "norm of the weights", "weight-norm", .rounding, "size of the network's weights") {
                exact($0.context.weightNorm)
            },
            measure("gradient_norm", "norm of the gradient", "gradient-norm", .rounding, "steepness; 0 at a minimum") {
                exact($0.sharpness.gradientNorm)
            },
            measure(
                "lambda_max", "largest eigenvalue λmax", as: "largest eigenvalue of the Hessian", "lambda-max",
                .residual,
                "curvature where it is largest"
            ) {
                subject in
                guard let top = subject.spectrum.top, let value = top.values.first, let residual = top.residuals.first
                else { return nil }
                return Value(value: value, range: residual.isFinite ? value - residual...value + residual : nil)
            },
            measure("trace", "trace of the Hessian", "trace", .interval, "sum of all curvatures") {
                $0.spectrum.result.trace.map { Value(value: $0.trace.value, range: $0.trace.interval95) }
            },
            measure(
                "worst_case", "worst case, ρ = \(radius)", as: "worst case at ρ = \(radius)", "worst-case", .bound,
                "rise of the loss within a distance of \(radius)"
            ) { exact($0.point?.worstCase?.lowerBound) },
            measure(
                "one_step", "one step of SAM, ρ = \(radius)", as: "one step at ρ = \(radius)", "one-step", .rounding,
                "rise after a step along the gradient"
            ) { exact($0.point?.worstCase?.oneStep) },
            measure(
                "average_case", "average case, σ = \(radius)", as: "average case at σ = \(radius)", "average-case",
                .interval,
                "mean rise with noise of deviation \(radius) on every weight"
            ) { $0.point?.averageCase.map { Value(value: $0.value, range: $0.interval95) } },
            measure(
                "critical", "critical sharpness 2/η_c", as: "critical sharpness", "critical", .interval,
                "curvature along the gradient, as far as the loss falls there"
            ) { subject in
                subject.sharpness.result.critical.map { found in
                    // The rate's bracket, as the other way round.
                    let range = found.bracket.flatMap {
                        $0.lowerBound > 0 ? 2 / $0.upperBound...2 / $0.lowerBound : nil
                    }
                    return Value(value: found.value, range: range)
                }
            },
            measure(
                "directional", "curvature along the gradient", "directional", .rounding,
                "curvature that the first step of gradient descent meets"
            ) { exact($0.sharpness.result.directional?.value) },
            measure(
                "keskar", "Keskar’s φ, ε = \(Format.short(first.sharpness.keskar.first?.epsilon ?? 0)), percent",
                "keskar",
                .bound, "relative rise in a box that grows with the weights"
            ) { subject in exact(subject.sharpness.keskar.first { $0.subspace == nil }?.value) },
            measure(
                "slice_rise", "rise at the ends of the slice", "slice-rise", .rounding,
                "at |α| = 1, along one direction"
            ) { exact($0.rise) },
        ]
        return all.filter { $0.values.contains { $0 != nil } } + others(of: subjects)
    }

    /// Those that were asked for beside the others.
    private static func others(of subjects: [ReportSubject]) -> [Measure] {
        StudyMeasures.Measure.allCases.compactMap { measure in
            guard let term = Glossary.term(measure), subjects.contains(where: { $0.others?.values[measure] != nil })
            else { return nil }
            let hasError = subjects.contains { $0.others?.standardErrors[measure] != nil }
            return Measure(
                key: measure.rawValue, name: measure.title, phrase: "the " + measure.title, term: term.key,
                error: measure.isLowerBound ? .bound : hasError ? .interval : .rounding, isShare: measure == .topSpace,
                meaning: term.brief,
                values: subjects.map { subject in
                    guard let value = subject.others?.values[measure], !value.isNaN else { return nil }
                    let range = subject.others?.standardErrors[measure].map {
                        value - 1.96 * $0...value + 1.96 * $0
                    }
                    return Value(value: value, range: range)
                })
        }
    }

    /// Wilson's interval of a share of n examples (Wilson 1927, J. Am. Stat. Assoc. 22, 209), with 95 % confidence.
    private static func wilson(_ share: Double, of count: Int?) -> ClosedRange<Double>? {
        guard let count, count > 0, (0...1).contains(share) else { return nil }
        let z = 1.96, n = Double(count)
        let center = (share + z * z / (2 * n)) / (1 + z * z / n)
        let half = z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot() / (1 + z * z / n)
        return min(share, max(0, center - half))...max(share, min(1, center + half))
    }
}

extension Split {
    /// In a sentence.
    var word: String { self == .train ? "training" : "test" }
}

extension ReportSubject {
    /// The larger of the losses at the two ends of the slice along one direction, over the checkpoint's.
    var rise: Double? {
        guard let slice = line?.slice, let first = slice.loss.first, let last = slice.loss.last else { return nil }
        return max(first, last) - slice.center
    }
}
