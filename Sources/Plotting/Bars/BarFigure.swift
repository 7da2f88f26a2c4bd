/// Horizontal bars for many named values, in groups: one row a name, one plot a quantity.
public struct BarFigure: Figure, Codable {
    /// The values of one name.
    public struct Row: Sendable, Equatable, Codable {
        /// The words left of the bars.
        public var name: String
        /// What the row belongs to; rows of one group stand next to each other.
        public var group: String
        /// A value for each quantity; one that is not finite has no bar, and words in its place.
        public var values: [Double]
        /// An interval for each value, drawn as an error bar; `nil` for none.
        public var intervals: [ClosedRange<Double>?]

        /// A row of a name.
        ///
        /// - Precondition: as many intervals as values.
        public init(_ name: String, group: String = "", values: [Double], intervals: [ClosedRange<Double>?]) {
            precondition(
                values.count == intervals.count,
                "'\(name)' has \(values.count) values and \(intervals.count) intervals; they must be as many")
            (self.name, self.group, self.values, self.intervals) = (name, group, values, intervals)
        }
    }

    /// The bold line above the plots.
    public var title: String
    /// A small grey line under the title, for provenance.
    public var subtitle: String
    /// The names of the quantities, one a plot.
    public let quantities: [String]
    /// The rows, from the top.
    public let rows: [Row]
    /// Width of the whole picture, in points.
    public var width: Double

    /// Bars for rows.
    ///
    /// - Precondition: every row has a value for each quantity.
    public init(title: String = "", subtitle: String = "", quantities: [String], rows: [Row], width: Double = 820) {
        precondition(
            rows.allSatisfy { $0.values.count == quantities.count },
            "every row needs \(quantities.count) values, one for each quantity")
        (self.title, self.subtitle, self.quantities, self.rows, self.width) = (title, subtitle, quantities, rows, width)
    }

    private static let rowHeight = 13.0
    private static let groupGap = 5.0
    private static let nameSize = 8.5
    private static let longestName = 170.0

    /// Width and height of the whole picture, in points: the height follows from the number of rows.
    public var size: Size {
        let box = Box(x: 0, y: 0, width: width, height: 1000)
        let margins = margins(in: box)
        return Size(width: width, height: margins.top + max(60, rowsHeight) + margins.bottom)
    }

    private var heading: Heading { Heading(title: title, subtitle: subtitle) }
    private func textWidth(_ box: Box) -> Double { box.width - 2 * FigureStyle.outerMargin }

    /// Rows of one group, by their numbers.
    private var groups: [(name: String, rows: Range<Int>)] {
        var groups: [(name: String, rows: Range<Int>)] = []
        for (index, row) in rows.enumerated() {
            if let last = groups.last, last.name == row.group {
                groups[groups.count - 1].rows = last.rows.lowerBound..<(index + 1)
            } else {
                groups.append((row.group, index..<(index + 1)))
            }
        }
        return groups
    }

    private var rowsHeight: Double {
        Double(rows.count) * Self.rowHeight + Double(groups.count + 1) * Self.groupGap
    }

    private func widest(_ names: [String], _ weight: TextLine.Weight) -> Double {
        let widths = names.map { StrokeFont.standard.width(of: $0, size: Self.nameSize, weight: weight) }
        return min(Self.longestName, widths.max() ?? 0)
    }

    private var groupWidth: Double {
        let width = widest(rows.map(\.group), .bold)
        return width > 0 ? width + 12 : 0
    }

    /// The space that title, names and axes need around the plots in `box`, in points.
    public func margins(in box: Box) -> Margins {
        Margins(
            left: FigureStyle.outerMargin + groupWidth + widest(rows.map(\.name), .regular) + 8,
            top: FigureStyle.outerMargin + heading.height(width: textWidth(box)) + 4,
            right: FigureStyle.outerMargin + 4,
            bottom: FigureStyle.tickLength + 4 + FigureStyle.tickLabelSize + 7 + 1.25 * FigureStyle.axisLabelSize
                + FigureStyle.outerMargin)
    }

    /// The primitives of the figure in `box`, with the plots inset by `margins`.
    public func elements(in box: Box, margins: Margins) -> [Drawing.Element] {
        let inner = box.inset(left: margins.left, top: margins.top, right: margins.right, bottom: margins.bottom)
        var result = heading.elements(
            center: box.center.x, top: box.y + FigureStyle.outerMargin, width: textWidth(box))
        guard !rows.isEmpty, !quantities.isEmpty else { return result + [FigureKey.note("no data", at: inner.center)] }
        // Rows keep their distance where the figure is drawn larger or smaller.
        let stretch = inner.height / rowsHeight
        var middles: [Double] = []
        var y = inner.y + Self.groupGap * stretch
        for (number, group) in groups.enumerated() {
            let height = Double(group.rows.count) * Self.rowHeight * stretch
            if number % 2 == 0 {
                let band = Box(
                    x: box.x + FigureStyle.outerMargin / 2, y: y - Self.groupGap / 2 * stretch,
                    width: inner.maxX - box.x - FigureStyle.outerMargin / 2, height: height + Self.groupGap * stretch)
                result.append(.group("group", clip: nil, [.fill(.rectangle(band), Color.gridLine.withOpacity(0.4))]))
            }
            middles += group.rows.indices.map {
                y + (Double($0 - group.rows.lowerBound) + 0.5) * Self.rowHeight * stretch
            }
            y += height + Self.groupGap * stretch
        }
        result.append(
            .group("names", clip: nil, nameElements(middles, left: box.x + FigureStyle.outerMargin, right: inner.x)))
        let gap = 22.0, plotWidth = (inner.width - gap * Double(quantities.count - 1)) / Double(quantities.count)
        for index in quantities.indices {
            let plot = Box(
                x: inner.x + Double(index) * (plotWidth + gap), y: inner.y, width: plotWidth, height: inner.height)
            result.append(.group("bars-\(index)", clip: nil, BarPlot(self, index, plot, middles).elements()))
        }
        return result
    }

    private func nameElements(_ middles: [Double], left: Double, right: Double) -> [Drawing.Element] {
        func text(_ words: String, _ x: Double, _ y: Double, _ anchor: TextLine.Anchor, _ weight: TextLine.Weight)
            -> Drawing.Element
        {
            let fitting = TextLayout.wrapped(words, width: Self.longestName, size: Self.nameSize, weight: weight)
            return .text(
                TextLine(
                    fitting.first ?? "", at: Point(x, y), size: Self.nameSize, color: .ink, weight: weight,
                    anchor: anchor, baseline: .middle))
        }
        return zip(rows, middles).map { text($0.name, right - 8, $1, .end, .regular) }
            + groups.map { text($0.name, left, middles[$0.rows.lowerBound], .start, .bold) }
    }
}
