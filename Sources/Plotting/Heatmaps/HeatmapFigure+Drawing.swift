import Foundation

extension HeatmapFigure {
    /// The space that title, labels and legend need around the plot's frame in `box`, in points.
    public func margins(in box: Box) -> Margins {
        let plan = HeatmapPlan(self, in: box)
        var margins = AxesFrame.margins(bottom: plan.bottom, left: plan.left, right: nil)
        if let bar = plan.bar { margins.right = bar.space }
        margins.top =
            FigureStyle.outerMargin + heading.height(width: headingWidth(box))
            + (plan.bar?.scale.isCapped == true ? ColorBar.tipHeight : 0)
        margins.bottom += plan.key.height(width: box.width - 2 * FigureStyle.outerMargin)
        return margins
    }

    private var heading: Heading { Heading(title: title, subtitle: subtitle, titleSize: titleSize) }

    private func headingWidth(_ box: Box) -> Double { box.width - 2 * FigureStyle.outerMargin }

    /// The primitives of the figure in `box`, with the plot's frame inset by `margins`.
    public func elements(in box: Box, margins: Margins) -> [Drawing.Element] {
        let inner = box.inset(left: margins.left, top: margins.top, right: margins.right, bottom: margins.bottom)
        let plan = HeatmapPlan(self, in: box, frame: inner)
        let frame = AxesFrame(box: inner, bottom: plan.bottom, left: plan.left)
        var result = heading.elements(
            center: box.center.x, over: frame.box.center.x, top: box.y + FigureStyle.outerMargin,
            width: headingWidth(box))
        result.append(cellElements(plan, frame))
        result += contourElements(plan, frame)
        result += regionElements(frame)
        if !shownSamples.isEmpty {
            let dots = shownSamples.compactMap { frame.point($0.x, $0.y) }.map {
                Path.circle(center: $0, radius: 0.9).runs[0]
            }
            result.append(
                .group("samples", clip: inner, [.fill(Path(runs: dots), Color(0xFFFFFF, opacity: 0.75))]))
        }
        result += overlays.map { overlay in
            let points = zip(overlay.x, overlay.y).compactMap { frame.point($0, $1) }
            return .group(
                "overlay", clip: inner,
                [
                    .stroke(.line(points), Stroke(Color.white.withOpacity(0.8), width: 2.6)),
                    .stroke(.line(points), Stroke(overlay.color, width: 1.4)),
                ] + points.map { .fill(.circle(center: $0, radius: 2.6), overlay.color) })
        }
        result += labels.flatMap { label -> [Drawing.Element] in
            guard let place = frame.point(label.place.x, label.place.y) else { return [] }
            return HeatmapMark.label(label.text, at: place)
        }
        result += frame.elements()
        if let place = plan.minimum.flatMap({ frame.point($0.x, $0.y) }) {
            result.append(.group("minimum", clip: nil, HeatmapMark.minimum(at: place)))
        }
        if let place = plan.center.flatMap({ frame.point($0.x, $0.y) }) {
            result.append(.group("centre", clip: nil, HeatmapMark.center(at: place)))
        }
        if let bar = plan.bar { result.append(bar.elements(beside: inner)) }
        let keyTop = inner.maxY + AxesFrame.margins(bottom: plan.bottom, left: plan.left, right: nil).keyTop
        result.append(plan.key.elements(center: box.center.x, top: keyTop, width: headingWidth(box)))
        if plan.grid.finite.isEmpty {
            let note = plan.grid.values.isEmpty ? "no data" : "no finite values"
            result.append(FigureKey.note(note, at: inner.center))
        }
        return result
    }

    /// Lines half-way between points of different regions.
    private func regionElements(_ frame: AxesFrame) -> [Drawing.Element] {
        guard let regions, regions.count == values.count else { return [] }
        let grid = SortedGrid(x: x, y: y, values: regions.map(Double.init))
        guard !grid.values.isEmpty else { return [] }
        let across = SortedGrid.edges(grid.x), up = SortedGrid.edges(grid.y), width = grid.x.count
        var runs: [Path.Run] = []
        /// A place without a region, such as one whose value is not finite, is no neighbour.
        func part(_ a: Int, _ b: Int) -> Bool {
            grid.values[a] != grid.values[b] && grid.values[a] >= 0 && grid.values[b] >= 0
        }
        /// Straight pieces along one line, joined where they follow each other.
        func trace(_ count: Int, _ differs: (Int) -> Bool, _ place: (Int) -> Point?) {
            var start: Int?
            for step in 0...count {
                let isBorder = step < count && differs(step)
                if isBorder, start == nil { start = step }
                guard !isBorder, let first = start else { continue }
                start = nil
                guard let a = place(first), let b = place(step) else { continue }
                runs.append(Path.Run(points: [a, b], isClosed: false))
            }
        }
        for row in grid.y.indices {
            if row + 1 < grid.y.count {
                trace(width, { part(row * width + $0, (row + 1) * width + $0) }) {
                    frame.point(across[$0], up[row + 1])
                }
            }
        }
        for column in grid.x.indices.dropLast() {
            trace(grid.y.count, { part($0 * width + column, $0 * width + column + 1) }) {
                frame.point(across[column + 1], up[$0])
            }
        }
        guard !runs.isEmpty else { return [] }
        let path = Path(runs: runs)
        return [
            .group(
                "regions", clip: frame.box,
                [.stroke(path, Stroke(.black, width: 2.4)), .stroke(path, Stroke(HeatmapMark.region, width: 1.1))])
        ]
    }

    private func cellElements(_ plan: HeatmapPlan, _ frame: AxesFrame) -> Drawing.Element {
        let grid = plan.grid
        guard !grid.values.isEmpty else { return .group("cells", clip: frame.box, []) }
        if plan.isSmooth { return .group("cells", clip: frame.box, smoothElements(plan, frame)) }
        let columnEdges = SortedGrid.edges(grid.x).map { frame.x($0) ?? frame.box.x }
        let rowEdges = SortedGrid.edges(grid.y).map { frame.y($0) ?? frame.box.y }
        // On the page the last row comes first.
        var colors: [Color] = []
        var hatched: [Box] = []
        for row in grid.y.indices.reversed() {
            for column in grid.x.indices {
                if let color = plan.scale.color(of: grid.values[row * grid.x.count + column]) {
                    colors.append(color)
                    continue
                }
                colors.append(HeatmapMark.nonFiniteColor)
                let (left, top) = (columnEdges[column], rowEdges[row + 1])
                hatched.append(
                    Box(x: left, y: top, width: columnEdges[column + 1] - left, height: rowEdges[row] - top))
            }
        }
        var children: [Drawing.Element] = [
            .cells(CellRaster(columnEdges: columnEdges, rowEdges: rowEdges.reversed(), colors: colors))
        ]
        if !hatched.isEmpty { children.append(.group("non-finite", clip: nil, [HeatmapMark.hatching(hatched)])) }
        return .group("cells", clip: frame.box, children)
    }

    /// Colours of the values between the coordinates, and hatching where one of the coordinates around has none.
    private func smoothElements(_ plan: HeatmapPlan, _ frame: AxesFrame) -> [Drawing.Element] {
        let grid = plan.grid, box = frame.box, most = 256
        // Places of the values on the colour scale: what a colour bar shows evenly.
        let shares = grid.values.map { $0.isFinite ? plan.scale.range.fraction(of: $0) ?? 0 : .nan }
        func places(_ coordinates: [Double], _ range: AxisRange) -> [(cell: Int, share: Double)?] {
            var cell = 0
            return (0..<most).map { number in
                let value = range.low + (Double(number) + 0.5) / Double(most) * (range.high - range.low)
                guard value >= coordinates[0], value <= coordinates.last! else { return nil }
                while cell + 2 < coordinates.count, value > coordinates[cell + 1] { cell += 1 }
                return (cell, (value - coordinates[cell]) / (coordinates[cell + 1] - coordinates[cell]))
            }
        }
        let columns = places(grid.x, plan.bottom.range), rows = places(grid.y, plan.left.range)
        var colors: [Color] = []
        colors.reserveCapacity(most * most)
        for row in rows.reversed() {
            for column in columns {
                guard let row, let column else {
                    colors.append(Color.paper.withOpacity(0))
                    continue
                }
                let at = row.cell * grid.x.count + column.cell
                let (u, v) = (column.share, row.share)
                let low = shares[at] + u * (shares[at + 1] - shares[at])
                let high = shares[at + grid.x.count] + u * (shares[at + grid.x.count + 1] - shares[at + grid.x.count])
                let share = low + v * (high - low)
                colors.append(share.isNaN ? HeatmapMark.nonFiniteColor : plan.scale.map.color(at: share))
            }
        }
        func edges(_ start: Double, _ length: Double) -> [Double] {
            (0...most).map { start + length * Double($0) / Double(most) }
        }
        var raster = CellRaster(
            columnEdges: edges(box.x, box.width), rowEdges: edges(box.y, box.height), colors: colors)
        raster.isSmooth = true
        let hatched = holes(grid, frame)
        return [.cells(raster)]
            + (hatched.isEmpty ? [] : [.group("non-finite", clip: nil, [HeatmapMark.hatching(hatched)])])
    }

    /// The boxes between coordinates of which one has no finite value.
    private func holes(_ grid: SortedGrid, _ frame: AxesFrame) -> [Box] {
        (0..<(grid.y.count - 1)).flatMap { row in
            (0..<(grid.x.count - 1)).compactMap { column in
                let at = row * grid.x.count + column
                let corners = [at, at + 1, at + grid.x.count, at + grid.x.count + 1].map { grid.values[$0] }
                guard !corners.allSatisfy(\.isFinite), let a = frame.point(grid.x[column], grid.y[row]),
                    let b = frame.point(grid.x[column + 1], grid.y[row + 1])
                else { return nil }
                return Box(x: a.x, y: b.y, width: b.x - a.x, height: a.y - b.y).intersection(frame.box)
            }
        }
    }

    private func contourElements(_ plan: HeatmapPlan, _ frame: AxesFrame) -> [Drawing.Element] {
        let marks = [plan.minimum, plan.center].compactMap { $0 }.compactMap { frame.point($0.x, $0.y) }
        func around(_ p: Point, _ reach: Double) -> Box {
            Box(x: p.x - reach, y: p.y - reach, width: 2 * reach, height: 2 * reach)
        }
        let paths = overlays.flatMap { overlay in
            ContourLabels.dense(zip(overlay.x, overlay.y).compactMap { frame.point($0, $1) }, step: 4)
        }
        let words = self.labels.compactMap { label in
            frame.point(label.place.x, label.place.y).map { Box(x: $0.x, y: $0.y - 18, width: 24, height: 20) }
        }
        var labels = ContourLabels(
            frame: frame.box, obstacles: marks.map { around($0, 8) } + paths.map { around($0, 3) } + words)
        let isLogarithmic = plan.scale.range.scale == .logarithmic
        // Between grid points, a surface that spans decades is straighter in the logarithm.
        let values = isLogarithmic ? plan.grid.values.map { $0 > 0 ? log($0) : .nan } : plan.grid.values
        return zip(plan.contourLevels, plan.contourNames).map { level, name in
            let lines = ContourLines.lines(
                values: values, x: plan.grid.x, y: plan.grid.y, level: isLogarithmic ? log(level) : level)
            var runs = lines.map { run in
                Path.Run(points: run.points.compactMap { frame.point($0.x, $0.y) }, isClosed: run.isClosed)
            }
            let ground = plan.scale.color(of: level) ?? .white
            let color = ground.luminance > 0.3 ? Color(0x000000, opacity: 0.6) : Color(0xFFFFFF, opacity: 0.7)
            var children: [Drawing.Element] = []
            if labelsContours {
                let placed = labels.place(name, on: runs, color: color.withOpacity(0.95))
                runs = placed.runs
                children += placed.lines.map { .text($0) }
            }
            return .group("contour", clip: frame.box, [.stroke(Path(runs: runs), Stroke(color, width: 0.7))] + children)
        }
    }
}

extension AxesFrame {
    func point(_ x: Double, _ y: Double) -> Point? {
        guard let x = self.x(x), let y = self.y(y) else { return nil }
        return Point(x, y)
    }
}
