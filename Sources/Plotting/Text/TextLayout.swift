/// Breaking text into lines.
enum TextLayout {
    /// Lines no wider than `width`, broken at spaces; a word that is too long alone is cut with an ellipsis.
    static func wrapped(_ text: String, width: Double, size: Double, weight: TextLine.Weight = .regular) -> [String] {
        let font = StrokeFont.standard
        func fits(_ line: String) -> Bool { font.width(of: line, size: size, weight: weight) <= width }
        var lines: [String] = []
        for paragraph in text.split(separator: "\n") {
            var line = ""
            for word in paragraph.split(separator: " ") {
                let longer = line.isEmpty ? String(word) : "\(line) \(word)"
                if fits(longer) {
                    line = longer
                } else {
                    if !line.isEmpty { lines.append(line) }
                    line = String(word)
                    if !fits(line) { line = shortened(line, fits: fits) }
                }
            }
            if !line.isEmpty { lines.append(line) }
        }
        return lines
    }

    /// At most three lines, of which the last says that there were more.
    static func limited(_ lines: [String]) -> [String] {
        lines.count <= 3 ? lines : Array(lines.prefix(2)) + [String(lines[2].dropLast()) + "…"]
    }

    /// The text and its size: smaller where it is too long, and cut where it is too long even at the least size.
    static func fitted(_ text: String, width: Double, size: Double) -> (text: String, size: Double) {
        let least = fittingSize(text, width: width, size: size)
        func fits(_ text: String) -> Bool {
            StrokeFont.standard.width(of: text, size: least, weight: .regular) <= width + 1e-9
        }
        return (fits(text) ? text : shortened(text, fits: fits), least)
    }

    private static func shortened(_ word: String, fits: (String) -> Bool) -> String {
        var kept = word
        while kept.count > 1, !fits(kept + "…") { kept.removeLast() }
        return kept + "…"
    }

    /// The size, at most `size`, at which the text is no wider than `width`; not below 60 %.
    static func fittingSize(_ text: String, width: Double, size: Double, weight: TextLine.Weight = .regular) -> Double {
        let natural = StrokeFont.standard.width(of: text, size: size, weight: weight)
        return natural <= width ? size : max(0.6 * size, size * width / natural)
    }
}

/// Space around a plot's frame that its texts need, in points.
public struct Margins: Sendable, Equatable {
    /// Space left of the frame.
    public var left: Double
    /// Space above the frame.
    public var top: Double
    /// Space right of the frame.
    public var right: Double
    /// Space below the frame.
    public var bottom: Double

    /// Margins; none where it is not said otherwise.
    public init(left: Double = 0, top: Double = 0, right: Double = 0, bottom: Double = 0) {
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
    }

    /// How far under the frame a key may begin, if these are the margins of the axes alone.
    var keyTop: Double { bottom - 0.6 * FigureStyle.outerMargin }

    func union(_ other: Margins) -> Margins {
        Margins(
            left: max(left, other.left), top: max(top, other.top), right: max(right, other.right),
            bottom: max(bottom, other.bottom))
    }
}

/// The lines over a figure: a bold title and a small grey subtitle, centred over a box.
struct Heading {
    var title: String
    var subtitle: String
    var titleSize = FigureStyle.titleSize

    func height(width: Double) -> Double {
        let (titles, subtitles) = lines(width: width)
        let total =
            Double(titles.count) * titleSize * FigureStyle.lineHeight
            + Double(subtitles.count) * FigureStyle.subtitleSize * FigureStyle.lineHeight
        return total == 0 ? 0 : total + 4
    }

    private func lines(width: Double) -> ([String], [String]) {
        (
            TextLayout.limited(TextLayout.wrapped(title, width: width, size: titleSize, weight: .bold)),
            TextLayout.limited(TextLayout.wrapped(subtitle, width: width, size: FigureStyle.subtitleSize))
        )
    }

    /// The lines, the first one's top at `top`.
    ///
    /// - Parameter frame: the middle of the plot, above which a title without a subtitle stands where there is room: that of a panel.
    func elements(center whole: Double, over frame: Double? = nil, top: Double, width: Double) -> [Drawing.Element] {
        let (titles, subtitles) = lines(width: width)
        var center = whole
        if let frame, titles.count == 1, subtitles.isEmpty {
            let half = StrokeFont.standard.width(of: titles[0], size: titleSize, weight: .bold) / 2
            let room = max(0, width / 2 - half)
            center = min(max(frame, whole - room), whole + room)
        }
        var y = top
        var result: [Drawing.Element] = []
        for line in titles {
            result.append(
                .text(
                    TextLine(
                        line, at: Point(center, y), size: titleSize, color: .ink, weight: .bold, anchor: .middle,
                        baseline: .top)))
            y += titleSize * FigureStyle.lineHeight
        }
        for line in subtitles {
            result.append(
                .text(
                    TextLine(
                        line, at: Point(center, y), size: FigureStyle.subtitleSize, color: .quiet, anchor: .middle,
                        baseline: .top)))
            y += FigureStyle.subtitleSize * FigureStyle.lineHeight
        }
        return result
    }
}
