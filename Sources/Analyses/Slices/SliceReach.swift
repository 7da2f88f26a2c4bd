import Essentials
import Foundation
import Networks
import Objectives
import Tensors

/// How far a slice goes: to where the loss has risen to a multiple of the checkpoint's.
public struct SliceReach: Sendable, Equatable {
    /// Of L(θ), more than 1. Default 10, ours.
    public var multiple: Double
    /// Half the length of each axis; nil to find them.
    public var lengths: [Double]?

    /// A reach to be found, or one that was.
    public init(multiple: Double = 10, lengths: [Double]? = nil) {
        (self.multiple, self.lengths) = (multiple, lengths)
    }

    /// Why there is none.
    public enum Failure: DescribedError, Equatable {
        /// A loss that has no multiples.
        case noMultiple(loss: Double)
        /// A loss that stays below: the number of the direction, and how far was looked.
        case staysBelow(multiple: Double, direction: Int, length: Double)

        /// True: another range can do.
        public var isOfRequest: Bool { true }
        /// What was found, what to do.
        public var description: String {
            switch self {
            case .noMultiple(let loss):
                "--range auto: the loss at the checkpoint is \(Format.short(loss)), expected a positive number to take a multiple of; give a length, such as --range 1"
            case .staysBelow(let multiple, let direction, let length):
                "--range auto: along direction \(direction) the loss does not rise to \(Format.short(multiple)) times the checkpoint's within \(Format.short(length)); give a length, such as --range 1"
            }
        }
    }

    /// Lengths beyond these are not looked at: 2^±20.
    private static let most = 0x1p20

    /// The length at which the larger of L(θ + r d) and L(θ − r d) is the multiple of L(θ): by doubling or halving from 1, three bisections of
    /// log r, and two digits, rounded up. A loss that is not finite has risen.
    ///
    /// - Parameters:
    ///   - direction: d, P numbers.
    ///   - number: of the direction, from 1.
    ///   - target: the multiple of L(θ).
    /// - Throws: `Failure.staysBelow`; what the objective and `check` throw.
    fileprivate func length(
        _ objective: any Objective, at theta: [Double], along direction: [Double], number: Int, target: Double,
        check: () throws -> Void
    ) throws -> Double {
        func isRisen(_ length: Double) throws -> Bool {
            try [length, -length].contains { step in
                try check()
                return !(try objective.value(at: Vectors.sum(theta, step, direction)) < target)
            }
        }
        var (low, high) = (0.0, 1.0)
        if try isRisen(1) {
            while try isRisen(high / 2) {
                high /= 2
                guard high > 1 / Self.most else { return high }
            }
            low = high / 2
        } else {
            repeat {
                (low, high) = (high, 2 * high)
                guard high <= Self.most else {
                    throw Failure.staysBelow(multiple: multiple, direction: number, length: low)
                }
            } while try !isRisen(high)
        }
        for _ in 0..<3 {
            let middle = (low * high).squareRoot()
            if try isRisen(middle) { high = middle } else { low = middle }
        }
        return Self.roundedUp(high)
    }

    /// The next number of two digits.
    static func roundedUp(_ length: Double) -> Double {
        // A division by a whole power of ten gives the decimal number itself, a multiplication by 0.1 its neighbour. Less than 1e-9 beyond
        // a number is rounding.
        let exponent = log10(length).rounded(.down) - 1, unit = pow(10, abs(exponent))
        func up(_ digits: Double) -> Double { (digits - 1e-9).rounded(.up) }
        return exponent < 0 ? up(length * unit) / unit : up(length / unit) * unit
    }
}

extension SliceAnalysis {
    /// Half the length of each axis at which the loss has risen to a multiple of the checkpoint's.
    ///
    /// - Parameters:
    ///   - layout: the tensors of θ, as in `run`.
    /// - Throws: `SliceReach.Failure`; what `run` throws.
    public func lengths(
        _ reach: SliceReach, _ objective: any Objective, at theta: [Double], layout: ParameterLayout? = nil,
        monitor: Monitor = .silent
    ) throws -> [Double] {
        try lengths(
            reach, objective, at: theta, layout, pair(seed: seed, objective, at: theta, layout, monitor), monitor)
    }

    /// Of the planes of several seeds the largest.
    ///
    /// - Parameter first: the directions of the first.
    func lengths(
        _ reach: SliceReach, _ objective: any Objective, at theta: [Double], _ layout: ParameterLayout?,
        _ first: SliceDirections, _ monitor: Monitor
    ) throws -> [Double] {
        let value = try objective.value(at: theta), target = reach.multiple * value
        guard value > 0, target.isFinite else { throw SliceReach.Failure.noMultiple(loss: value) }
        var losses = 0
        return try (0..<planes).reduce(into: Array(repeating: 0, count: first.vectors.count)) { lengths, plane in
            let directions =
                plane == 0 ? first : try pair(seed: seed &+ UInt64(plane), objective, at: theta, layout, monitor)
            for (number, direction) in directions.vectors.enumerated() {
                let length = try reach.length(
                    objective, at: theta, along: direction, number: number + 1, target: target
                ) {
                    try monitor.update("range", losses, of: nil)
                    losses += 1
                }
                lengths[number] = max(lengths[number], length)
            }
        }
    }
}
