import Essentials

/// Three sentences that say what the numbers of a report say.
struct ReportSummary {
    let subjects: [ReportSubject]
    let measures: [Measure]

    var sentences: [String] {
        guard let subject = subjects.first else { return [] }
        return subjects.count == 1
            ? [fit(subject), curvature(subject), balls(subject)] : [fits, larger, others]
    }

    private func measure(_ key: String) -> Measure? { measures.first { $0.key == key } }

    private func value(_ key: String, _ index: Int = 0) -> String? {
        guard let measure = measure(key), let value = measure.values[index] else { return nil }
        return measure.text(value.value)
    }

    // MARK: One checkpoint

    private func fit(_ subject: ReportSubject) -> String {
        let context = subject.context
        var text =
            "On \(context.examples) \(context.split.rawValue) examples, \(subject.label) has the loss \(value("loss") ?? "–")"
        if let accuracy = value("accuracy") { text += " and an accuracy of \(accuracy)" }
        if let other = subject.other, let loss = value("other_loss") {
            text += "; on the \(other.split.rawValue) examples \(loss)"
            if let accuracy = value("other_accuracy") { text += " and \(accuracy)" }
        }
        return text + "."
    }

    private func curvature(_ subject: ReportSubject) -> String {
        var parts: [String] = []
        if let measure = measure("lambda_max"), let value = measure.values[0] {
            parts.append(
                "the largest eigenvalue of the Hessian is \(measure.text(value.value)) \(measure.errorText(value))")
        }
        if let measure = measure("trace"), let value = measure.values[0] {
            let error = measure.errorText(value)
            parts.append(
                "its trace is \(measure.text(value.value))\(error.isEmpty ? "" : ", with 95 % confidence \(error)")")
        }
        return sentence(parts.joined(separator: ", and "))
    }

    private func balls(_ subject: ReportSubject) -> String {
        let radius = Format.short(subject.radius)
        var parts: [String] = []
        if let worst = value("worst_case") {
            parts.append("within a distance of \(radius) from the weights the loss rises by at least \(worst)")
        }
        if let average = value("average_case") {
            parts.append("noise of deviation \(radius) on every weight raises it by \(average) on average")
        }
        return sentence(parts.joined(separator: ", and "))
    }

    // MARK: Several

    private var fits: String {
        let context = subjects[0].context
        let isSame = subjects.allSatisfy { $0.context.data == context.data && $0.context.examples == context.examples }
        let place =
            isSame ? "On the same \(context.examples) \(context.split.rawValue) examples" : "Each on its own data"
        var text = "\(place), \(spread("loss", "the loss"))"
        if let measure = measure("other_accuracy"), let extremes = measure.extremes {
            text += ", and \(spread("other_accuracy", "the \(measure.name)"))"
            switch extremes.verdict {
            case .beyond: text += ", which is more than its error"
            case .within: text += ", which is within its error"
            default: break
            }
        }
        return text + "."
    }

    /// What differs by more than its error.
    private var larger: String {
        let found = judged.filter { $0.extremes?.verdict == .beyond }
        guard !found.isEmpty else { return "No estimated measure differs by more than its error." }
        return sentence(
            Format.list(found.map { spread($0.key, "the \($0.name)") })
                + ": these differences are larger than the errors")
    }

    /// What does not, and what cannot be said.
    private var others: String {
        let within = judged.filter { [.within, .equal].contains($0.extremes?.verdict) }.map { "the \($0.name)" }
        let open = measures.filter { $0.extremes?.verdict == .open }
        var parts: [String] = []
        if !within.isEmpty { parts.append("within its error is the difference in " + Format.list(within)) }
        if !open.isEmpty {
            parts.append(
                "\(Format.list(open.map { spread($0.key, "the \($0.name)") })) \(open.count == 1 ? "has" : "have") only lower bounds, so which is larger stays open"
            )
        }
        return sentence(
            parts.isEmpty ? "all other measures are exact for these examples" : parts.joined(separator: "; "))
    }

    /// Measures with an error that can be judged, besides those of the fit.
    private var judged: [Measure] {
        measures.filter { [.residual, .interval].contains($0.error) }
    }

    /// A measure's values: of two checkpoints both, of more the ends.
    private func spread(_ key: String, _ name: String) -> String {
        guard let measure = measure(key), let extremes = measure.extremes else { return "\(name) is not known for all" }
        func item(_ index: Int) -> String {
            "\(measure.text(measure.values[index]!.value)) for \(subjects[index].label)"
        }
        if extremes.low == extremes.high { return "\(name) is \(measure.text(measure.values[0]!.value)) for all" }
        return subjects.count == 2
            ? "\(name) is \(item(0)) and \(item(1))"
            : "\(name) goes from \(item(extremes.low)) to \(item(extremes.high))"
    }

    private func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() + "." }
}
