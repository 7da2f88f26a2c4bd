import Foundation
import Networks
import Objectives
import Tensors

/// The gradient of a loss at a point, and how much of it lies in each tensor.
public struct GradientNorms: Sendable {
    /// L(θ) and the accuracy there.
    public let evaluation: Evaluation
    /// ∇L(θ), P numbers in the order of θ.
    public var gradient: [Double] { stored.vector }
    private let stored: StoredVector
    /// ‖∇L(θ)‖₂.
    public let norm: Double
    /// The norm of each tensor's part, in the order of θ; empty where the tensors are not known.
    public let layers: [(name: String, norm: Double)]
    /// The norm of every example's own gradient, n numbers, and the class of each; nil where not asked for, or where they have none.
    public private(set) var examples: (norms: [Double], classes: [Int]?)?

    /// Computes the gradient.
    ///
    /// - Parameter layout: the tensors of θ; nil where θ is a plain vector.
    /// - Throws: what the objective throws.
    public init(_ objective: any Objective, at theta: [Double], layout: ParameterLayout? = nil) throws {
        self.init(
            StoredVector(try objective.valueAndGradient(at: theta).gradient), layout, try objective.evaluate(at: theta))
    }

    /// Computes the gradient of a model's loss at the model itself. A large one needs less memory so than as a vector.
    ///
    /// - Throws: what the loss throws.
    public init(of loss: ModelLoss) throws {
        self.init(try loss.gradient(), loss.model.network.parameters, try loss.evaluation())
    }

    private init(_ gradient: StoredVector, _ layout: ParameterLayout?, _ evaluation: Evaluation) {
        (stored, norm, self.evaluation) = (gradient, gradient.norm, evaluation)
        layers =
            layout.map { layout in
                layout.tensors.indices.map { (layout.tensors[$0].name, Self.norm(gradient, layout.range($0))) }
            } ?? []
    }

    /// Measures the gradient of every example on its own, too.
    ///
    /// - Throws: what `ModelLoss.gradientNorms` throws.
    public mutating func addExamples(of loss: ModelLoss, at theta: [Double]) throws {
        examples = (try loss.gradientNorms(at: theta), loss.exampleClasses)
    }

    /// The norm of a part of a vector, of which no more than 8 MB are copied at a time.
    private static func norm(_ vector: StoredVector, _ range: Range<Int>) -> Double {
        stride(from: range.lowerBound, to: range.upperBound, by: 1 << 20).reduce(0) { norm, first in
            hypot(norm, Vectors.norm(vector.numbers(first..<min(first + 1 << 20, range.upperBound))))
        }
    }
}
