import Datasets
import Essentials

/// Three sentences that say what the numbers of a report say.
struct ReportSummary {
    let subjects: [ReportSubject]
    let measures: [Measure]

    var sentences: [String] {
        guard let subject = subjects.first else { return [] }
        return subjects.count == 1
            ? [fit(subject), curvature, rises(subject)] : [fits, larger, others]
    }

    private func measure(_ key: String) -> Measure? { measures.first { $0.key == key } }

    private func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() + "." }

    // MARK: One checkpoint

    private func value(_ key: String) -> String? {
        guard let measure = measure(key), let value = measure.values[0] else { return nil }
        return measure.text(value.value)
    }

    private func fit(_ subject: ReportSubject) -> String {
        let context = subject.context
        func accuracy(_ key: String) -> String { value(key).map { " and an accuracy of \($0)" } ?? "" }
        var text =
            "On \(context.examples) \(context.split.word) examples, \(subject.label) has a loss of \(value("loss") ?? "–")\(accuracy("accuracy"))"
        if let other = subject.other, let loss = value("other_loss") {
            text += "; on the \(other.split.word) examples, a loss of \(loss)\(accuracy("other_accuracy"))"
        }
        return text + "."
    }

    private var curvature: String {
        var parts: [String] = []
        for (key, words) in [("lambda_max", ""), ("trace", "95 % interval ")] {
            guard let measure = measure(key), let value = measure.values[0] else { continue }
            let error = measure.errorText(value)
            parts.append(
                "\(measure.phrase) is \(measure.text(value.value))" + (error.isEmpty ? "" : " (\(words)\(error))"))
        }
        return sentence(parts.joined(separator: ", and "))
    }

    private func rises(_ subject: ReportSubject) -> String {
        let radius = Format.short(subject.radius)
        var parts: [String] = []
        if let worst = value("worst_case") {
            parts.append("within a distance of \(radius) from the weights, the loss rises by at least \(worst)")
        }
        if let average = measure("average_case"), let value = average.values[0] {
            parts.append(
                "noise of deviation \(radius) on every weight raises it by \(average.text(value.value)) on average (95 % interval \(average.errorText(value)))"
            )
        }
        return sentence(parts.joined(separator: ", and "))
    }

    // MARK: Several

    private var fits: String {
        let context = subjects[0].context
        let isSame = subjects.allSatisfy { $0.context.data == context.data && $0.context.examples == context.examples }
        let place =
            isSame ? "On the same \(context.examples) \(context.split.word) examples" : "On the data of each"
        var text = "\(place), the loss \(stated("loss"))"
        if let accuracy = measure("other_accuracy"), items("other_accuracy") != nil {
            text += "; \(accuracy.phrase) \(stated("other_accuracy"))"
            switch accuracy.extremes?.verdict {
            case .beyond: text += ", a difference larger than the errors"
            case .within: text += ", a difference within the errors"
            default: break
            }
        }
        return text + "."
    }

    /// Measures of curvature and sharpness whose errors are known.
    private var judged: [Measure] { measures.filter { [.residual, .interval].contains($0.error) } }

    /// What differs by more than its error.
    private var larger: String {
        let found = judged.filter { $0.extremes?.verdict == .beyond }
        guard !found.isEmpty else { return "No measure of curvature or sharpness differs by more than its errors." }
        return sentence("larger than the errors are the differences in " + Format.list(found.map(described)))
    }

    /// What does not, and what cannot be said.
    private var others: String {
        let within = judged.filter { [.within, .equal].contains($0.extremes?.verdict) }
        let open = measures.filter { $0.key == "worst_case" && $0.extremes?.verdict == .open }
        var parts: [String] = []
        if !within.isEmpty {
            parts.append("within the errors are the differences in " + Format.list(within.map(described)))
        }
        if !open.isEmpty {
            parts.append(
                "for \(Format.list(open.map(described))) only lower bounds are known, so which is larger stays open"
            )
        }
        return parts.isEmpty
            ? "All other measures are exact for these examples." : sentence(parts.joined(separator: "; "))
    }

    private func described(_ measure: Measure) -> String {
        measure.phrase + (items(measure.key).map { " (\($0))" } ?? "")
    }

    private func stated(_ key: String) -> String {
        guard let items = items(key) else { return "is not known for all" }
        return (items.hasPrefix("from ") ? "goes " : "is ") + items
    }

    /// A measure's values: of two checkpoints both, of more the ends; nil where not all are known.
    private func items(_ key: String) -> String? {
        guard let measure = measure(key), let extremes = measure.extremes else { return nil }
        let texts = Set(measure.values.compactMap { $0 }.map { measure.text($0.value) })
        if texts.count == 1 { return "\(texts.first!) for \(subjects.count == 2 ? "both" : "all")" }
        func item(_ index: Int) -> String {
            "\(measure.text(measure.values[index]!.value)) for \(subjects[index].label)"
        }
        guard subjects.count > 2 else { return "\(item(0)) and \(item(1))" }
        return "from \(item(extremes.low)) to \(item(extremes.high))"
    }
}
