import Essentials

extension HeatmapFigure: TextFigure {
    /// Width of a pixel over its height at most: pixels are half a character high, and windows are wider than high.
    private static let widest = 1.5
    /// Of cells whose value is not finite.
    private static let unknown = Color(0x808080)
    /// Characters of growing weight, where there are no colours.
    private static let shades: [Character] = [" ", "░", "▒", "▓", "█"]

    /// The map in half blocks, two pixels a character, one above the other; with axes, a colour bar, and signs for centre and minimum.
    public func text(columns: Int, rows: Int, colors: TerminalColors) -> [String] {
        let plan = HeatmapPlan(self, in: Box(x: 0, y: 0, width: 600, height: 600))
        let grid = plan.grid, scale = plan.scale
        var lines = title.isEmpty ? [] : [title.printable.cut(toColumns: columns)]
        guard !grid.finite.isEmpty else { return lines + ["no finite values"] }
        let key = keyLines(plan, columns: columns, colors)
        let height = max(4, rows - lines.count - key.count - 3)
        let vertical = TextFrame.TextAxis(yLabel, plan.left.range, length: height, isVertical: true, spacing: 3)
        let width = max(
            4, min(columns - vertical.width - 2 - TextFrame.spaceBeside, Int(2 * Double(height) * Self.widest)))
        let horizontal = TextFrame.TextAxis(xLabel, plan.bottom.range, length: width, isVertical: false, spacing: 10)

        let picture = Samples(grid, scale, plan.bottom.range, plan.left.range, width: width, height: 2 * height)
        var canvas = TextCanvas(columns: width, rows: height)
        for row in 0..<height {
            for column in 0..<width {
                let (top, bottom) = (picture[2 * row, column], picture[2 * row + 1, column])
                if colors == .none {
                    let share = [top, bottom].compactMap { $0 }
                    let mean = share.reduce(0, +) / Double(max(1, share.count))
                    canvas[row, column].character = share.isEmpty ? "?" : Self.shades[min(4, Int(mean * 5))]
                } else {
                    canvas[row, column] = TextCanvas.Cell(
                        character: "▀", ink: top.map { scale.map.color(at: $0) } ?? Self.unknown,
                        ground: bottom.map { scale.map.color(at: $0) } ?? Self.unknown)
                }
            }
        }
        let places = [plan.center, plan.minimum].map { point in
            point.flatMap { plan.place(of: $0, columns: width, rows: height) }
        }
        let signs: [Character] =
            places[0]?.row == places[1]?.row && places[0]?.column == places[1]?.column ? [Self.bothSign] : Self.signs
        for (place, sign) in zip(places, signs) {
            guard let (row, column) = place else { continue }
            let cell = canvas[row, column]
            let ground = cell.ground.flatMap { ground in cell.ink.map { $0.mixed(with: ground) } }
            canvas[row, column] = TextCanvas.Cell(
                character: sign, ink: ground.map { $0.luminance > 0.3 ? .black : .white }, ground: ground)
        }
        lines += TextFrame(left: vertical, right: nil, bottom: horizontal).lines(canvas, colors)
        return lines + key
    }

    /// Of the centre, and of the minimum; then of both at one place.
    private static let signs: [Character] = ["+", "o"], bothSign: Character = "⊕"

    /// The colour bar with its ends, and what the signs mean.
    private func keyLines(_ plan: HeatmapPlan, columns: Int, _ colors: TerminalColors) -> [String] {
        let range = plan.scale.range, length = max(5, min(24, columns / 3))
        var bar = TextCanvas(columns: length, rows: 1)
        for column in 0..<length {
            let share = Double(column) / Double(length - 1)
            bar[0, column] = TextCanvas.Cell(
                character: colors == .none ? Self.shades[min(4, Int(share * 5))] : "█",
                ink: plan.scale.map.color(at: share))
        }
        let low = (plan.scale.isCappedBelow ? "≤ " : "") + NumberText.rounded(range.low, digits: 4)
        let high = (plan.scale.isCapped ? "≥ " : "") + NumberText.rounded(range.high, digits: 4)
        let name = [valueLabel.printable, range.scale == .logarithmic ? "logarithmic scale" : ""].filter { !$0.isEmpty }
        // The bar has no width that folding could know.
        let before = low + " ", after = " " + high + "  " + name.joined(separator: ", ")
        let rest = columns - before.columnsWide - length
        var lines = [before + bar.lines(colors)[0] + after.cut(toColumns: max(high.count + 1, rest))]
        func value(at point: Point) -> Double? {
            guard let row = plan.grid.y.firstIndex(of: point.y), let column = plan.grid.x.firstIndex(of: point.x) else {
                return nil
            }
            return plan.grid.values[row * plan.grid.x.count + column]
        }
        var marks: [String] = []
        for (point, (sign, name)) in zip([plan.center, plan.minimum], zip(Self.signs, ["centre", "minimum"])) {
            guard let point else { continue }
            let place = [point.x, point.y].map { NumberText.rounded($0, digits: 3) }.joined(separator: ", ")
            let value = value(at: point).map { ": " + NumberText.rounded($0, digits: 4) } ?? ""
            marks.append("\(sign) \(name) (\(place))\(value)")
        }
        let unknown = plan.grid.values.count - plan.grid.finite.count
        if unknown > 0 {
            marks.append("\(colors == .none ? "?" : "grey"): not finite, \(unknown) of \(plan.grid.values.count) cells")
        }
        if !marks.isEmpty { lines += marks.joined(separator: "   ").folded(toColumns: columns) }
        return lines
    }
}

extension HeatmapPlan {
    /// The character at a point.
    fileprivate func place(of point: Point, columns: Int, rows: Int) -> (row: Int, column: Int)? {
        guard let column = TextFrame.place(bottom.range.fraction(of: point.x), of: columns),
            let row = TextFrame.place(left.range.fraction(of: point.y), of: rows)
        else { return nil }
        return (rows - 1 - row, column)
    }
}

/// A grid's places on its colour scale, at the middle of each pixel; between cells they are interpolated.
private struct Samples {
    private let width: Int
    private var shares: [Double?] = []

    init(_ grid: SortedGrid, _ scale: ColorScale, _ x: AxisRange, _ y: AxisRange, width: Int, height: Int) {
        self.width = width
        func neighbours(_ coordinates: [Double], _ range: AxisRange, _ share: Double) -> (Int, Int, Double) {
            let value = range.low + share * (range.high - range.low)
            guard let upper = coordinates.firstIndex(where: { $0 >= value }) else {
                return (coordinates.count - 1, coordinates.count - 1, 0)
            }
            guard upper > 0 else { return (0, 0, 0) }
            let span = coordinates[upper] - coordinates[upper - 1]
            return (upper - 1, upper, span > 0 ? (value - coordinates[upper - 1]) / span : 0)
        }
        let across = (0..<width).map { neighbours(grid.x, x, (Double($0) + 0.5) / Double(width)) }
        let places = grid.values.map { value in
            value.isFinite ? min(1, max(0, scale.range.fraction(of: value) ?? 0)) : nil
        }
        for row in 0..<height {
            let (below, above, up) = neighbours(grid.y, y, 1 - (Double(row) + 0.5) / Double(height))
            for (left, right, along) in across {
                func at(_ row: Int, _ column: Int) -> Double? { places[row * grid.x.count + column] }
                if let a = at(below, left), let b = at(below, right), let c = at(above, left), let d = at(above, right)
                {
                    shares.append((1 - up) * ((1 - along) * a + along * b) + up * ((1 - along) * c + along * d))
                } else {
                    shares.append(at(up < 0.5 ? below : above, along < 0.5 ? left : right))
                }
            }
        }
    }

    subscript(row: Int, column: Int) -> Double? { shares[row * width + column] }
}

extension SurfaceFigure: TextFigure {
    /// Its map: characters show no depth.
    public func text(columns: Int, rows: Int, colors: TerminalColors) -> [String] {
        map.text(columns: columns, rows: rows, colors: colors)
    }
}

extension PanelFigure: TextFigure {
    /// The panels, one below the other.
    public func text(columns: Int, rows: Int, colors: TerminalColors) -> [String] {
        let parts = panels.compactMap { $0 as? any TextFigure }
        let own = title.isEmpty ? [] : [title.printable.cut(toColumns: columns)]
        return own + parts.flatMap { [""] + $0.text(columns: columns, rows: rows, colors: colors) }
    }
}
