import Foundation
import Tensors

/// MNIST-1D (Greydanus and Kobak 2020, arXiv 2011.14439): signals of 40 numbers in ten classes, small enough to train
/// on in seconds and hard enough to tell a linear model from a convolutional one.
///
/// Every example starts from its class's template of 12 numbers, is padded with zeros, stretched to 72, scaled,
/// shifted around, given smooth noise where it is zero and white noise everywhere, tilted, and sampled at 40 places.
/// The parameters are the original's; the random numbers are this program's, so the examples follow the same
/// distribution without being the same. 4000 for training, 1000 for testing, classes in turn.
enum MNIST1D {
    static let length = 40

    static func load(_ split: Split) -> Dataset {
        let (training, test) = (4000, 1000)
        let examples = (0..<(training + test)).map { signal(label: $0 % 10, example: $0) }
        // The original brings all 5000 examples together to mean 0 and deviation 1.
        let all = Double(examples.count * length)
        let mean = examples.reduce(0) { $0 + $1.reduce(0, +) } / all
        let square = examples.reduce(0) { $0 + $1.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } }
        let deviation = (square / all).squareRoot()
        let range = split == .train ? 0..<training : training..<(training + test)
        return Dataset(
            name: "mnist1d", inputs: .doubles(range.flatMap { examples[$0].map { ($0 - mean) / deviation } }),
            exampleShape: [length], targets: .classes(range.map { Int32($0 % 10) }, count: 10))
    }

    static func signal(label: Int, example: Int) -> [Double] {
        let numbers = RandomNumbers(seed: 42, stream: UInt64(example)).named("mnist1d")
        let zeros = 36 + Int(numbers.uniform(at: 0) * 25)
        var signal = resampled(templates[label] + [Double](repeating: 0, count: zeros), to: 72)
        let scale = 1 + 0.4 * (numbers.uniform(at: 1) - 0.5)
        let shift = Int(numbers.uniform(at: 2) * 48)
        signal = Array((signal[(72 - shift)...] + signal[..<(72 - shift)]).map { $0 * scale })
        let smooth = smoothed((0..<72).map { 0.25 * numbers.normal(at: 100 + $0) })
        let tilt = 0.75 * (numbers.uniform(at: 3) - 0.5)
        for index in 0..<72 {
            if signal[index] == 0 { signal[index] = smooth[index] }
            signal[index] += 0.02 * numbers.normal(at: 200 + index)
            signal[index] -= tilt * (Double(index) / 71 - 0.5)
        }
        return resampled(signal, to: length)
    }

    /// Linear interpolation at equally spaced places, ends included.
    static func resampled(_ values: [Double], to count: Int) -> [Double] {
        (0..<count).map { index in
            let place = Double(index) * Double(values.count - 1) / Double(count - 1)
            let left = min(Int(place), values.count - 2)
            let share = place - Double(left)
            return values[left] * (1 - share) + values[left + 1] * share
        }
    }

    /// A Gaussian of deviation 2 cut at 4 deviations, the signal mirrored at its ends.
    static func smoothed(_ values: [Double]) -> [Double] {
        let weights = (-8...8).map { exp(-Double($0 * $0) / 8) }
        let total = weights.reduce(0, +)
        let count = values.count
        return (0..<count).map { center in
            var sum = 0.0
            for offset in -8...8 {
                var place = center + offset
                if place < 0 { place = -1 - place }
                if place >= count { place = 2 * count - 1 - place }
                sum += weights[offset + 8] * values[place]
            }
            return sum / total
        }
    }

    /// The paper's ten shapes, brought to mean 0 and deviation 1, moved to begin at 0, divided by 6. The tiny number
    /// tells a template's own zeros from padding.
    private static let templates: [[Double]] = shapes.map { shape in
        let mean = shape.reduce(0, +) / Double(shape.count)
        let variance = shape.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(shape.count)
        return shape.map { ($0 - shape[0]) / variance.squareRoot() / 6 + 1e-8 }
    }

    private static let shapes: [[Double]] = [
        [5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5],
        [5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5],
        [5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5],
        [5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5],
        [5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5],
        [5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5],
        [5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5],
        [5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5],
        [5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5],
        [5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5],
    ]
}
