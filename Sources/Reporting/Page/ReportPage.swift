import Essentials
import Foundation
import Plotting

/// The page of a report: everything lies in it, and it loads nothing.
struct ReportPage {
    let subjects: [ReportSubject]
    let files: ReportFiles
    private let measures: [Measure]
    private let stills: ReportStills
    private let machine = Machine()

    /// How the pictures are drawn that move nothing; the others take its colours of maps.
    private let style: FigureStyle
    /// What the title of every report's page begins with.
    static let titleStart = "Loss landscape of "

    init(subjects: [ReportSubject], files: ReportFiles, style: FigureStyle) {
        (self.subjects, self.files, self.style) = (subjects, files, style)
        (measures, stills) = (Measure.all(of: subjects), ReportStills(subjects: subjects))
    }

    private struct Section {
        let id: String, title: String, body: HTML
    }

    private var title: String { Self.titleStart + Format.list(subjects.map(\.label)) }
    private var hasSeveral: Bool { subjects.count > 1 }

    var html: HTML {
        get throws {
            let sections = try sections
            let contents = sections.map { section -> HTML in
                "<li><a href=\"#\(section.id)\">\(section.title)</a></li>"
            }
            let bodies = sections.map { section -> HTML in
                """
                <section id="\(section.id)" aria-labelledby="\(section.id)-title">
                <h2 id="\(section.id)-title">\(section.title)</h2>
                \(section.body)
                </section>
                """
            }
            return """
                <!doctype html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta http-equiv="Content-Security-Policy" content="\(policy)">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <meta name="color-scheme" content="light dark">
                <title>\(title)</title>
                <style>\(Self.style)</style>
                </head>
                <body>
                <a class="skip" href="#summary">Skip to the summary</a>
                <header>
                <h1>\(title)</h1>
                <p class="meta">\(machine.date) · \(Software.name) · \(subjects[0].context.examples) \(subjects[0].context.split.word) examples of \(subjects[0].context.data) · \(subjects[0].context.lossName)</p>
                </header>
                <nav aria-label="Contents"><h2>Contents</h2><ol>
                \(contents)
                </ol></nav>
                <main>
                \(bodies)
                </main>
                <p id="said" class="unseen" aria-live="polite"></p>
                <script type="application/json" id="data">\(HTML.data(ReportData(subjects: subjects, colorMap: style.colorMap ?? .viridis).json))</script>
                <script type="x-shader/x-vertex" id="vertex-shader">\(HTML.own(PackageResources.surface_vert))</script>
                <script type="x-shader/x-fragment" id="fragment-shader">\(HTML.own(PackageResources.surface_frag))</script>
                <script>\(Self.script)</script>
                </body>
                </html>

                """
        }
    }

    // MARK: Script and style

    private static let script: HTML = {
        let parts = [
            PackageResources.base_js, PackageResources.scale_js, PackageResources.chart_js, PackageResources.heatmap_js,
            PackageResources.surface_js, PackageResources.plane_js, PackageResources.sections_js,
        ]
        return "\n(() => {\n'use strict';\n\(parts.map(HTML.own))\n})();\n"
    }()
    private static let style: HTML = "\n\(HTML.own(PackageResources.report_css))"

    /// Only this script and this style, and pictures that lie in the page.
    private var policy: HTML {
        "default-src 'none'; script-src \(HTML.hash(Self.script)); style-src \(HTML.hash(Self.style)); img-src data:; base-uri 'none'; form-action 'none'"
    }

    // MARK: Sections

    private var sections: [Section] {
        get throws {
            var sections = [
                Section(id: "summary", title: "Summary", body: summary),
                Section(id: "measures", title: "Measures", body: table),
            ]
            if let planes = stills.planes {
                try sections.append(Section(id: "plane", title: "The loss on a plane", body: plane(planes)))
            }
            if let lines = stills.lines {
                try sections.append(
                    Section(
                        id: "line", title: "The loss along one direction",
                        body: figure(
                            "line", lines, stills.linesInWords(),
                            "The loss along one random direction, \(scaling). The checkpoint is at α = 0.\(strokes)\(sharing)"
                        )))
            }
            if let figure = stills.sharpness {
                try sections.append(
                    Section(
                        id: "sharpness", title: "Sharpness over the radius",
                        body: self.figure(
                            "sharpness", figure, stills.sharpnessInWords(),
                            "How much the loss rises within a distance ρ of the weights, at least (left), and on average when every weight gets noise of deviation ρ (right). The two ρ are not the same: noise of deviation ρ moves the weights √P times as far.\(sharing)"
                        )))
            }
            if let figure = stills.spectrum {
                try sections.append(
                    Section(
                        id: "spectrum", title: "Spectrum of the Hessian",
                        body: self.figure(
                            "spectrum", figure, stills.spectrumInWords(),
                            "Where the eigenvalues of the Hessian lie. The line is the smoothed density with its 95 % interval; the marks are the largest eigenvalues, computed one by one with residuals.\(sharing)"
                        )))
            }
            if subjects.contains(where: { $0.trajectory != nil }) {
                try sections.append(Section(id: "path", title: "Path of the training", body: paths))
            }
            return try sections + [
                Section(id: "training", title: "How each was trained", body: training),
                Section(id: "audits", title: "What was checked", body: audits),
                Section(id: "reproduce", title: "Commands and data", body: reproduce),
                Section(id: "glossary", title: "Glossary", body: Glossary.list(with: measures)),
            ]
        }
    }

    /// Which lines are of which split, where there are two.
    private var strokes: String {
        guard let other = subjects.compactMap({ $0.other?.split.word }).first else { return "" }
        return " Solid: \(subjects[0].context.split.word) examples; dashed: \(other) examples."
    }

    private var sharing: String { hasSeveral ? " All checkpoints share both axes." : "" }

    private var scaling: String {
        subjects.allSatisfy { $0.line?.normalization ?? "filter" == "filter" }
            ? "scaled to each filter of the network" : "not scaled to the weights of every checkpoint"
    }

    private var summary: HTML {
        let sentences = ReportSummary(subjects: subjects, measures: measures).sentences
        let remarks = files.remarks.map { remark -> HTML in "<p class=\"remark\">\(remark)</p>" }
        return """
            <p class="lead">\(sentences.joined(separator: " ").unbroken)</p>
            <p class="caution">No flatness is better by itself. Rescaling the weights changes sharpness and curvature without changing the function, and large weights shrink the Hessian of a cross-entropy. Read these numbers together with losses and norms.</p>
            \(remarks)
            """
    }

    private var table: HTML {
        let note =
            hasSeveral
            ? "The verdict under a difference compares it with the errors of both values. Rises are over the checkpoint’s own loss. Each value stands once: all parts of this page and compare.json take it from the same result."
            : "Rises are over the checkpoint’s own loss."
        return """
            <p class="screen">Point at a name, or focus it, for what it means.</p>
            \(ReportTables(subjects: subjects, measures: measures).measured)
            \(Self.note(note))
            """
    }

    /// A remark under or over a figure; nothing where there is none.
    private static func note(_ text: String) -> HTML { text.isEmpty ? "" : "<p class=\"note\">\(text)</p>" }

    private func plane(_ figure: any Figure) throws -> HTML {
        let shares =
            hasSeveral
            ? " All checkpoints share axes, height and colours, and the seed of their directions; the difference has its own colours."
            : ""
        let drawings = [style.draw(figure)] + [stills.differences.map(style.ofDifferences.draw)].compactMap { $0 }
        return try self.figure(
            "plane", drawings, stills.planesInWords(),
            "The loss on the plane of two random directions, \(scaling); the checkpoint is at α = β = 0. Points that were not evaluated are interpolated (see “What was checked”).\(shares)"
        )
    }

    private var paths: HTML {
        get throws {
            let figures = try subjects.indices.compactMap { index -> HTML? in
                guard let report = subjects[index].trajectory, let figure = report.figure else { return nil }
                return try self.figure(
                    "path", figure, stills.pathInWords(subjects[index]),
                    "\(subjects[index].label): the checkpoints of its training in the plane in which they move most.",
                    index: index)
            }
            let note =
                figures.count > 1
                ? "Each training has its own principal plane, axes and colours, so shapes cannot be compared; losses can."
                : ""
            return "\(Self.note(note))\n\(figures)"
        }
    }

    private var training: HTML {
        get throws {
            let picture = try stills.history.map {
                try figure(
                    "history", $0, stills.historyInWords(),
                    "The loss of every epoch, as the training recorded it.\(sharing)")
            }
            let note = hasSeveral ? "Settings that differ are marked ≠." : ""
            return """
                \(Self.note(note))
                \(ReportTables(subjects: subjects, measures: measures).trained)
                \(picture ?? "")
                """
        }
    }

    private var audits: HTML {
        let lists = subjects.map { subject -> HTML in
            let items = ReportAudits(subject: subject).findings.map { finding -> HTML in
                finding.isGood
                    ? "<li>\(finding.text)</li>" : "<li class=\"bad\"><strong>Look here:</strong> \(finding.text)</li>"
            }
            return "<h3>\(subject.label)</h3>\n<ul class=\"audits\">\n\(items)\n</ul>"
        }
        return """
            <p>Curvature by exact derivatives and by differences of the values differ where kinks (ReLU, maximum pooling) or other curvature lie between the points. A residual proves an eigenvalue, not its rank.</p>
            \(lists)
            """
    }

    // MARK: Commands

    private var reproduce: HTML {
        let parts = files.parts.map { part -> HTML in
            let links = part.names.map { name -> HTML in "<a href=\"\(Self.link(name))\">\(name)</a>" }
            let command = part.command.map { words -> HTML in
                "<div class=\"command\"><pre tabindex=\"0\"><code>\(words)</code></pre><button type=\"button\" class=\"copy\">Copy</button></div>"
            }
            return """
                <div class="part"><h3>\(part.heading)</h3>
                \(command ?? "<p>Put together from the results below and above.</p>")
                <p class="files">Data: \(HTML(joining: links, by: ", "))</p>
                <details><summary>As the command prints it</summary><pre tabindex="0">\(part.printed)</pre></details></div>
                """
        }
        return """
            <p>The same command on the same files gives the same numbers, to the bit, on any number of threads. <code>.npz</code> opens with NumPy, <code>.json</code> with anything.</p>
            \(parts)
            <h3>Made by</h3>
            <p>\(Software.name) on \(machine.date), on \(machine.description). Precision \(subjects[0].context.precision.rawValue), seed \(String(subjects[0].context.seed)).</p>
            """
    }

    /// The name of a file beside the page, as a link that begins with no scheme.
    private static func link(_ name: String) -> String {
        "./"
            + (name.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(.init(charactersIn: "-._~")))
                ?? name)
    }

    // MARK: Figures

    private func figure(_ kind: String, _ picture: any Figure, _ words: String, _ caption: String, index: Int? = nil)
        throws -> HTML
    {
        try figure(kind, [style.draw(picture)], words, caption, index: index)
    }

    /// Pictures that move nothing, which the script replaces by one that does.
    private func figure(
        _ kind: String, _ drawings: [Drawing], _ words: String, _ caption: String, index: Int? = nil
    ) throws -> HTML {
        // Maps have many cells: as pixels they are smaller.
        let isMap = kind == "plane" || kind == "path"
        let images = try drawings.map { drawing -> HTML in
            let image =
                isMap
                ? try drawing.png(scale: style.dotsPerInch / 72)
                : Array(drawing.svg(fontFamily: style.fontFamily).utf8)
            return HTML.picture(
                image, type: isMap ? "png" : "svg+xml", width: drawing.size.width,
                describedAs: "\(drawing.summary). \(words)")
        }
        let number: HTML = index.map { " data-index=\"\($0)\"" } ?? ""
        return """
            <figure class="shown" data-kind="\(kind)"\(number) data-words="\(words)">
            <div class="live" hidden></div>
            <div class="still">\(images)</div>
            <figcaption>\(caption.unbroken)</figcaption>
            </figure>
            """
    }
}

extension FigureStyle {
    /// For differences of losses, which have colours, levels and a scale of their own.
    fileprivate var ofDifferences: FigureStyle {
        var style = self
        (style.colorMap, style.contours, style.scale) = (nil, nil, nil)
        return style
    }
}
