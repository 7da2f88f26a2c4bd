import Foundation
import Tensors

/// Two interleaved spirals in the plane, one for each class: small, and no straight line separates them. After Lang
/// and Witbrock, "Learning to tell two spirals apart", 1988, with noise on the points.
enum Spirals {
    static let exampleCount = 1000
    /// Standard deviation of both coordinates; the arms are 1/3 apart.
    static let noise = 0.02

    /// Point i of a split belongs to class i mod 2; radius and angle grow along the arm, by one and a half turns.
    static func load(_ split: Split) -> Dataset {
        let numbers = RandomNumbers(seed: 0).named("spirals \(split.rawValue)")
        let shifts = numbers.named("noise")
        var inputs: [Double] = []
        var labels: [Int32] = []
        for example in 0..<exampleCount {
            let label = example % 2
            // The square root spreads the points evenly along the arm.
            let radius = numbers.uniform(at: example).squareRoot()
            let angle = 3 * Double.pi * radius + Double.pi * Double(label)
            inputs.append(radius * cos(angle) + noise * shifts.normal(at: 2 * example))
            inputs.append(radius * sin(angle) + noise * shifts.normal(at: 2 * example + 1))
            labels.append(Int32(label))
        }
        return Dataset(
            name: "spirals", inputs: .doubles(inputs), exampleShape: [2], targets: .classes(labels, count: 2))
    }
}
