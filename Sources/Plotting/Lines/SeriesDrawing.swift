/// Turns one series into primitives in a frame.
struct SeriesDrawing {
    private let series: Series
    private let frame: AxesFrame

    init(_ series: Series, _ frame: AxesFrame) {
        self.series = series
        self.frame = frame
    }

    private var color: Color { series.color ?? .ink }

    private func place(_ x: Double, _ y: Double) -> Point? {
        guard let left = frame.x(x), let top = series.side == .left ? frame.y(y) : frame.rightY(y) else { return nil }
        return Point(left, top)
    }

    /// Where the points stand; `nil` for values that have no place.
    var places: [Point?] { zip(series.x, series.y).map { place($0, $1) } }

    /// Connected pieces of the line, in points; broken at values that have no place.
    var runs: [[Point]] {
        let pieces = SeriesDrawing.pieces(places)
        return series.marker == nil ? pieces.map(SeriesDrawing.thinned) : pieces
    }

    /// The same line with fewer points: of neighbours within a quarter of a point across, only the first, the last, the
    /// highest and the lowest can be seen.
    static func thinned(_ points: [Point]) -> [Point] {
        guard points.count > 2000 else { return points }
        var result: [Point] = []
        var start = 0
        while start < points.count {
            let column = (4 * points[start].x).rounded(.down)
            var end = start + 1
            var (highest, lowest) = (start, start)
            while end < points.count, (4 * points[end].x).rounded(.down) == column {
                if points[end].y < points[highest].y { highest = end }
                if points[end].y > points[lowest].y { lowest = end }
                end += 1
            }
            var kept = start - 1
            for index in [start, min(highest, lowest), max(highest, lowest), end - 1] where index > kept {
                result.append(points[index])
                kept = index
            }
            start = end
        }
        return result
    }

    /// The outline of each connected piece of the band.
    var bandOutlines: [[Point]] {
        guard let band = series.band else { return [] }
        var pieces: [[(low: Point, high: Point)]] = [[]]
        for index in series.x.indices {
            if let low = place(series.x[index], band.lower[index]), let high = place(series.x[index], band.upper[index])
            {
                pieces[pieces.count - 1].append((low, high))
            } else if pieces[pieces.count - 1].count > 0 {
                pieces.append([])
            }
        }
        return pieces.filter { $0.count > 1 }.map { piece in piece.map(\.high) + piece.map(\.low).reversed() }
    }

    func elements() -> [Drawing.Element] {
        var result: [Drawing.Element] = bandOutlines.map { .fill(.polygon($0), color.withOpacity(0.2)) }
        let runs = runs
        if let base = series.stemBase {
            let stems = zip(series.x, series.y).compactMap { x, y -> Path.Run? in
                guard let tip = place(x, y) else { return nil }
                // On a logarithmic axis a base of zero lies below everything.
                let foot = place(x, base) ?? Point(tip.x, frame.box.maxY)
                return Path.Run(points: [foot, tip], isClosed: false)
            }
            result.append(.stroke(Path(runs: stems), Stroke(color, width: 1.1, cap: .butt)))
        }
        if series.errors != nil || series.xErrors != nil { result.append(errorBarElement) }
        if series.lineWidth > 0 {
            let dash = series.dash ?? []
            let lines = runs.filter { $0.count > 1 }.map { Path.Run(points: $0, isClosed: false) }
            if !lines.isEmpty {
                result.append(
                    .stroke(
                        Path(runs: lines),
                        Stroke(color, width: series.lineWidth, cap: dash.isEmpty ? .round : .butt, dash: dash)))
            }
            if series.marker == nil {
                // A point between two gaps would vanish.
                result += runs.filter { $0.count == 1 }.map {
                    .fill(.circle(center: $0[0], radius: max(2.4, series.lineWidth)), color)
                }
            }
        }
        if let marker = series.marker {
            result += runs.flatMap { $0 }.map { SeriesDrawing.mark(marker, at: $0, color: color) }
        }
        result += brokenEnds.flatMap { SeriesDrawing.brokenEnd(at: $0, color: color) }
        result += atFoot.map { SeriesDrawing.foot(at: $0, color: color) }
        return result
    }

    /// The last places before, and the first after, values of the line that are not finite; both where the line is longer than a point.
    var brokenEnds: [Point] {
        guard series.marksNonFinite, series.lineWidth > 0 else { return [] }
        func isBroken(_ index: Int) -> Bool { series.y.indices ~= index && !series.y[index].isFinite }
        // A point alone between two is drawn as itself.
        return series.y.indices.filter { isBroken($0 - 1) != isBroken($0 + 1) }
            .compactMap { place(series.x[$0], series.y[$0]) }
    }

    /// Below values that have no place on a logarithmic axis: zero and less.
    var atFoot: [Point] {
        guard (series.side == .left ? frame.left : frame.right)?.range.scale == .logarithmic else { return [] }
        return zip(series.x, series.y).compactMap { x, y in
            y.isFinite && y <= 0 ? frame.x(x).map { Point($0, frame.box.maxY) } : nil
        }
    }

    /// A cross on white.
    static func brokenEnd(at p: Point, color: Color) -> [Drawing.Element] {
        let r = 3.0
        let cross = Path(runs: [
            Path.Run(points: [Point(p.x - r, p.y - r), Point(p.x + r, p.y + r)], isClosed: false),
            Path.Run(points: [Point(p.x - r, p.y + r), Point(p.x + r, p.y - r)], isClosed: false),
        ])
        return [.stroke(cross, Stroke(.white, width: 3.4)), .stroke(cross, Stroke(color, width: 1.5))]
    }

    /// A triangle that points down.
    static func foot(at p: Point, color: Color) -> Drawing.Element {
        .fill(.polygon([p, Point(p.x - 3.2, p.y - 6), Point(p.x + 3.2, p.y - 6)]), color)
    }

    /// Both ends of each error bar that can be seen.
    var errorBars: [(low: Point, high: Point)] {
        guard let errors = series.errors else { return [] }
        return series.x.indices.compactMap { index in
            let x = series.x[index]
            guard errors.lower[index].isFinite, place(x, series.y[index]) != nil,
                let high = place(x, errors.upper[index])
            else { return nil }
            // A bar that reaches zero on a logarithmic axis goes down to its foot.
            let low = place(x, errors.lower[index]) ?? Point(high.x, frame.box.maxY)
            // Behind its marker, a bar would only look like dirt.
            return series.marker != nil && low.y - high.y < 5.6 ? nil : (low, high)
        }
    }

    /// Both ends of each horizontal error bar that can be seen.
    var xErrorBars: [(low: Point, high: Point)] {
        guard let errors = series.xErrors else { return [] }
        return series.x.indices.compactMap { index in
            let y = series.y[index]
            guard errors.lower[index].isFinite, place(series.x[index], y) != nil,
                let high = place(errors.upper[index], y)
            else { return nil }
            // A bar that reaches zero on a logarithmic axis goes on to its left end.
            let low = place(errors.lower[index], y) ?? Point(frame.box.x, high.y)
            return series.marker != nil && high.x - low.x < 5.6 ? nil : (low, high)
        }
    }

    private var errorBarElement: Drawing.Element {
        func bar(_ low: Point, _ high: Point, cap: Point) -> [Path.Run] {
            [Path.Run(points: [low, high], isClosed: false)]
                + [low, high].map { Path.Run(points: [$0 - cap, $0 + cap], isClosed: false) }
        }
        let bars =
            errorBars.flatMap { bar($0.low, $0.high, cap: Point(2.5, 0)) }
            + xErrorBars.flatMap { bar($0.low, $0.high, cap: Point(0, 2.5)) }
        // On a stem of the same colour, the lower half of a bar could not be seen.
        let ink = series.stemBase == nil ? color : .ink
        return .group("error-bars", clip: nil, [.stroke(Path(runs: bars), Stroke(ink, width: 0.9, cap: .butt))])
    }

    static func mark(_ marker: Marker, at p: Point, color: Color) -> Drawing.Element {
        let r = 2.6
        switch marker {
        case .circle: return .fill(.circle(center: p, radius: r), color)
        case .square: return .fill(.rectangle(Box(x: p.x - 2.3, y: p.y - 2.3, width: 4.6, height: 4.6)), color)
        case .triangle:
            return .fill(
                .polygon([Point(p.x, p.y - 3.3), Point(p.x + 3, p.y + 2.2), Point(p.x - 3, p.y + 2.2)]), color)
        case .diamond:
            return .fill(
                .polygon([Point(p.x, p.y - 3.4), Point(p.x + 3.4, p.y), Point(p.x, p.y + 3.4), Point(p.x - 3.4, p.y)]),
                color)
        case .cross:
            return .stroke(
                Path(runs: [
                    Path.Run(points: [Point(p.x - r, p.y - r), Point(p.x + r, p.y + r)], isClosed: false),
                    Path.Run(points: [Point(p.x - r, p.y + r), Point(p.x + r, p.y - r)], isClosed: false),
                ]), Stroke(color, width: 1.2))
        }
    }

    private static func pieces(_ points: [Point?]) -> [[Point]] {
        var result: [[Point]] = []
        var current: [Point] = []
        for point in points {
            if let point {
                current.append(point)
            } else if !current.isEmpty {
                result.append(current)
                current = []
            }
        }
        if !current.isEmpty { result.append(current) }
        return result
    }
}
