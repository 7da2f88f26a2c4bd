import Foundation

/// How far a prediction was from the value, in shares of the range.
struct PredictionError {
    /// Of the controlled channels: of the value, and of its logarithm where that counts.
    var linear = 0.0, logarithmic = 0.0
    /// Of the others, in their own units.
    var carried = 0.0

    /// What is held against the tolerance.
    var total: Double { max(linear, 0.5 * logarithmic) }

    mutating func include(_ other: PredictionError, _ channel: AdaptiveSampling.Channel) {
        if channel == .carried {
            carried = max(carried, other.carried)
        } else {
            (linear, logarithmic) = (max(linear, other.linear), max(logarithmic, other.logarithmic))
        }
    }
}

extension AdaptiveSampling {
    mutating func updateRanges() {
        for channel in channels.indices {
            var range = Range()
            for point in measured where values[channel][point].isFinite {
                range.low = min(range.low, values[channel][point])
                range.high = max(range.high, values[channel][point])
            }
            if case .controlled(let forced) = channels[channel], range.low > 0, range.high > range.low {
                range.isLogarithmic = forced || range.high / range.low > Self.logarithmicSpan
            }
            if range.isLogarithmic != ranges[channel].isLogarithmic { interpolation.changeAll() }
            ranges[channel] = range
        }
    }

    /// Of a predicted value. A value that is not finite where a finite one was predicted, or the reverse, is infinitely wrong.
    func error(_ channel: Int, _ predicted: Double, _ value: Double) -> PredictionError {
        var error = PredictionError()
        guard predicted.isFinite, value.isFinite else {
            let isWrong = predicted.isFinite != value.isFinite
            (error.linear, error.carried) = (isWrong ? .infinity : 0, isWrong ? .infinity : 0)
            return error
        }
        let range = ranges[channel]
        error.carried = abs(predicted - value)
        // What differs by rounding only has no range.
        let span = max(range.high - range.low, 1e-12 * max(abs(range.high), abs(range.low)))
        error.linear = span > 0 ? abs(predicted - value) / span : (predicted == value ? 0 : .infinity)
        if range.isLogarithmic, value > 0, predicted > 0 {
            error.logarithmic = abs(log(predicted / value)) / log(range.high / range.low)
        }
        return error
    }

    /// What each point's neighbours say of it, where they have changed.
    mutating func predict() {
        updateRanges()
        let controlled = channels.indices.filter { channels[$0] != .carried }
        // Points whose values are all finite: the others are no help in predicting one.
        func isFinite(_ point: Int) -> Bool { controlled.allSatisfy { values[$0][point].isFinite } }
        for point in isMeasured.indices where interpolation.hasChanged[point] {
            interpolation.clearChange(point)
            guard let nearest = interpolation.nearest(point, 1).first.map(Int.init) else { continue }
            if !isFinite(nearest) {
                for channel in channels.indices { predicted[channel][point] = values[channel][nearest] }
                continue
            }
            let weights = interpolation.weights(point, where: isFinite)
            for channel in channels.indices {
                let isLogarithmic = ranges[channel].isLogarithmic
                var sum = 0.0
                for (index, weight) in weights {
                    sum += weight * (isLogarithmic ? log(values[channel][index]) : values[channel][index])
                }
                predicted[channel][point] = isLogarithmic ? exp(sum) : sum
            }
        }
    }

    /// The points of the largest expected errors, apart from one another, and the largest of all.
    func choose(_ count: Int) -> (points: [Int], largest: Double) {
        let controlled = channels.indices.filter { channels[$0] != .carried }
        func isFinite(_ point: Int) -> Bool { controlled.allSatisfy { values[$0][point].isFinite } }
        // Of a known point: its own error from its neighbours, over the square of the distance to the nearest.
        var slope = [Double](repeating: 0, count: isMeasured.count)
        for point in measured where isFinite(point) {
            guard let nearest = interpolation.nearest(point, 1).first else { continue }
            let total = controlled.map { error($0, predicted[$0][point], values[$0][point]).total }.max() ?? 0
            let distance = interpolation.distance(point, Int(nearest))
            // Beside a region that is not finite, its error says nothing about the finite one.
            slope[point] = total.isFinite ? total / (distance * distance) : 0
        }
        var expected: [(point: Int, error: Double, distance: Double)] = []
        for point in isMeasured.indices where !isMeasured[point] {
            let near = interpolation.nearest(point, Self.neighbors + 1).map(Int.init)
            guard let nearest = near.first else { continue }
            let distance = interpolation.distance(point, nearest)
            let kinds = near.map(isFinite)
            let error =
                kinds.contains(true) && kinds.contains(false)
                ? Double.infinity
                : near.prefix(Self.neighbors).reduce(0) { max($0, slope[$1]) } * distance * distance
            if error > 0 { expected.append((point, error, distance)) }
        }
        expected.sort { $0.error != $1.error ? $0.error > $1.error : $0.point < $1.point }
        var chosen: [(point: Int, distance: Double)] = []
        for candidate in expected where chosen.count < count {
            let isApart = chosen.allSatisfy {
                interpolation.distance(candidate.point, $0.point) >= max(1.5, 0.9 * $0.distance)
            }
            if isApart { chosen.append((candidate.point, candidate.distance)) }
        }
        return (chosen.map(\.point), expected.first?.error ?? 0)
    }
}
