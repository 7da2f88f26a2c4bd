import Essentials
import Foundation
import Models
import Training

/// The tables of a report: measures, and how each checkpoint was trained.
struct ReportTables {
    let subjects: [ReportSubject]
    let measures: [Measure]

    private func heads(_ names: [String]) -> [HTML] { names.map { "<th scope=\"col\">\($0)</th>" } }

    /// Every measure with its error; where there are several checkpoints, with differences from the first.
    var measured: HTML {
        let others = subjects.dropFirst()
        let names = subjects.map(\.label) + others.map { "\($0.label) − \(subjects[0].label)" }
        let rows = measures.map { measure -> HTML in
            let values = zip(measure.values, names).map { value, name -> HTML in
                guard let value else { return "<td class=\"number\" data-of=\"\(name)\">–</td>" }
                return
                    "<td class=\"number\" data-of=\"\(name)\">\(measure.shown(value).unbroken) <small>\(measure.errorText(value).unbroken)</small></td>"
            }
            let differences = zip(measure.values.dropFirst(), names.suffix(others.count)).map { value, name -> HTML in
                guard let first = measure.values[0], let value, let verdict = measure.verdict(first, value) else {
                    return "<td class=\"number\" data-of=\"\(name)\">–</td>"
                }
                return
                    "<td class=\"number \(verdict == .beyond ? "beyond" : "")\" data-of=\"\(name)\">\(measure.difference(first, value)) <small>\(verdict.rawValue)</small></td>"
            }
            return
                "<tr data-key=\"\(measure.key)\"><th scope=\"row\">\(Glossary.word(measure.name, measure.term, at: measure.key))<small>\(measure.meaning)</small></th>\(values)\(differences)</tr>"
        }
        return """
            <div class="wide" tabindex="0" role="region" aria-label="Table of measures"><table class="measures">
            <thead><tr><th scope="col">measure</th>\(heads(names))</tr></thead>
            <tbody>
            \(rows)
            </tbody></table></div>
            """
    }

    // MARK: Training

    /// How each was trained: settings that differ are marked.
    var trained: HTML {
        let rows = settings.map { row -> HTML in
            let differs = Set(row.values).count > 1
            let cells = row.values.map { value -> HTML in
                "<td\(HTML(stringLiteral: row.isCode ? " class=\"code\"" : ""))>\(value)</td>"
            }
            let mark: HTML = differs ? "<span class=\"differs\" title=\"differs\">≠</span> " : ""
            let kind: HTML = differs ? "different" : "same"
            return "<tr class=\"\(kind)\"><th scope=\"row\">\(mark)\(row.name)</th>\(cells)</tr>"
        }
        return """
            <div class="wide" tabindex="0" role="region" aria-label="Table of settings"><table class="settings">
            <thead><tr><th scope="col">setting</th>\(heads(subjects.map(\.label)))</tr></thead>
            <tbody>
            \(rows)
            </tbody></table></div>
            """
    }

    private var settings: [(name: String, values: [String], isCode: Bool)] {
        var rows: [(name: String, values: [String], isCode: Bool)] = []
        func add(_ name: String, isCode: Bool = false, _ value: (ReportSubject) -> String?) {
            let values = subjects.map(value)
            if values.contains(where: { $0 != nil }) { rows.append((name, values.map { $0 ?? "–" }, isCode)) }
        }
        add("file") { $0.path }
        add("model") { $0.metadata.model }
        add("parameters") { "\($0.parameters)" }
        add("loss that was minimised") { $0.metadata.loss }
        add("optimizer") { $0.metadata.training?.optimizer ?? "none recorded (imported)" }
        for key in keys({ $0.settings.map(\.key) }) where !key.hasPrefix("progress-") {
            add(key) { subject in
                guard let training = subject.metadata.training, training.uses(key) else { return nil }
                return training.settings[key].map(Format.figure)
            }
        }
        add("gradient evaluations") {
            $0.metadata.training?.settings["progress-gradient-evaluations"].map { String(format: "%.0f", $0) }
        }
        for key in keys({ $0.choices.map(\.key) }) { add(key) { $0.metadata.training?.choices[key] } }
        add("seed") { "\($0.metadata.seed)" }
        add("precision") { $0.metadata.precision.rawValue }
        add("epochs, steps") { "\($0.metadata.epoch), \($0.metadata.step)" }
        add("data") { $0.metadata.data.specification }
        add("examples for training") { "\($0.metadata.data.trainingExamples)" }
        add("examples for test") { $0.metadata.data.testExamples.map(String.init) }
        add("shape of an example") { $0.metadata.data.exampleShape.map(String.init).joined(separator: " × ") }
        add("classes") { $0.metadata.data.classes.map(String.init) }
        add("inputs standardised") { $0.metadata.data.standardization == nil ? "no" : "yes" }
        add("labels replaced at random") { $0.metadata.data.labelNoise.map { Format.percent($0) } }
        add("written") { $0.metadata.created ?? "date not stored" }
        add("written by") { $0.metadata.tool }
        add("SHA-256 of the file", isCode: true) { $0.checksum }
        return rows
    }

    /// The names of settings that any training has.
    private func keys(_ names: (TrainingRecord) -> [String]) -> [String] {
        Set(subjects.compactMap(\.metadata.training).flatMap(names)).sorted()
    }
}

extension TrainingRecord {
    /// Whether the optimiser reads a setting; records hold those of all.
    fileprivate func uses(_ key: String) -> Bool {
        guard let kind = OptimizerKind(rawValue: optimizer) else { return true }
        let base = BaseOptimizerKind(rawValue: choices["base"] ?? optimizer) ?? .sgd
        switch key {
        case "beta1", "beta2", "epsilon": return [.adam, .adamw, .muon].contains(base)
        case "momentum": return ![.adam, .adamw].contains(base)
        case "rho": return kind.ascends
        case "eta": return kind == .asam
        default: return true
        }
    }
}
