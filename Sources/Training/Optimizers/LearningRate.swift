import Foundation

/// How a learning rate changes after the warm-up. t runs from 0 to 1 over the steps after it.
public enum Schedule: String, Sendable, Codable, CaseIterable {
    /// Not at all.
    case constant
    /// A tenth from half of the way on, a hundredth from three quarters on (He et al. 2015, section 4.2, does so at 32 000 and
    /// 48 000 of 64 000 steps). Counted over all steps, warm-up included.
    case step
    /// ½(1 + cos πt), which would be 0 at the step after the last (Loshchilov, Hutter 2016, arXiv 1608.03983, without restarts).
    case cosine
}

/// The learning rate of every step: linear from (almost) 0 during the warm-up (Goyal et al. 2017, arXiv 1706.02677), then by a
/// schedule.
public struct LearningRate: Sendable, Hashable {
    /// At the end of the warm-up.
    public let peak: Double
    /// After the warm-up.
    public let schedule: Schedule
    /// Steps in which it rises; 0 for none.
    public let warmupSteps: Int
    /// Of the whole training, warm-up included.
    public let totalSteps: Int

    /// The rates of a training of so many steps.
    public init(peak: Double, schedule: Schedule, warmupSteps: Int = 0, totalSteps: Int) {
        (self.peak, self.schedule, self.warmupSteps, self.totalSteps) = (peak, schedule, warmupSteps, totalSteps)
    }

    /// The rate of a step, counted from 0. Warm-up of w steps: `peak·(step+1)/w`.
    public func callAsFunction(step: Int) -> Double {
        guard step >= warmupSteps else { return peak * Double(step + 1) / Double(warmupSteps) }
        switch schedule {
        case .constant: return peak
        case .step:
            // Whole numbers, so that no rounding moves the boundary.
            if 4 * step >= 3 * totalSteps { return peak / 100 }
            return 2 * step >= totalSteps ? peak / 10 : peak
        case .cosine:
            let t = Double(step - warmupSteps) / Double(max(1, totalSteps - warmupSteps))
            return peak * (1 + cos(.pi * min(t, 1))) / 2
        }
    }
}

/// A stretch of a training, in steps or in epochs.
public enum TrainingSpan: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Passes over the training split; parts of one too.
    case epochs(Double)
    /// Optimiser steps.
    case steps(Int)

    /// In steps; parts of a step count whole.
    public func steps(perEpoch: Int) -> Int {
        switch self {
        case .epochs(let epochs): Int((epochs * Double(perEpoch)).rounded(.up))
        case .steps(let steps): steps
        }
    }

    /// `5` or `5 epochs`, `200 steps`.
    public init?(_ text: String) {
        func number(before unit: String) -> String? {
            guard text.hasSuffix(unit) else { return nil }
            return text.dropLast(unit.count).trimmingCharacters(in: .whitespaces)
        }
        if let word = number(before: "steps") {
            guard let steps = Int(word) else { return nil }
            self = .steps(steps)
        } else if let epochs = Double(number(before: "epochs") ?? text) {
            self = .epochs(epochs)
        } else {
            return nil
        }
    }

    /// What `init` reads.
    public var description: String {
        switch self {
        case .epochs(let epochs): "\(epochs) epochs"
        case .steps(let steps): "\(steps) steps"
        }
    }
}
