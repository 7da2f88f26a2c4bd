import MatrixFree
import Objectives

/// When a training measures λmax of its loss, to be seen beside the edge of stability.
public struct SharpnessTracking: Sendable, Equatable {
    /// After epochs of a number that this divides, and after the last step.
    public var every: Int
    /// Only after epochs of a higher number; 0 for all.
    public var after: Int
    /// Eigenvectors of whose space the gradient's share is measured; 0 for none.
    public var top: Int

    /// - Precondition: `every` is at least 1, `top` at least 0.
    public init(every: Int, after: Int = 0, top: Int = 0) {
        precondition(every > 0 && top >= 0, "tracking \(top) eigenvectors every \(every) epochs")
        (self.every, self.after, self.top) = (every, after, top)
    }

    /// Whether to measure after an epoch.
    func isDue(epoch: Int, isLast: Bool) -> Bool { isLast || (epoch > after && epoch % every == 0) }
}

extension Trainer {
    /// λmax of the training loss at θ as it is now, with stored batch-norm statistics; nil where tracking does not ask for it.
    func trackedSharpness(epoch: Int) throws -> TrackedSharpness? {
        guard let sharpnessTracking, sharpnessTracking.isDue(epoch: epoch, isLast: step >= totalSteps) else {
            return nil
        }
        // Made once for all that is measured on the way.
        let objective = try tracked ?? self.objective(on: data.train)
        tracked = objective
        let rate = learningRate(step: max(0, step - 1))
        // A climb changes what the rule meets.
        let adam = ascent == nil ? state.optimizer as? Adam : nil
        do {
            return try TrackedSharpness(
                objective.with(statistics: state.buffers), at: state.theta, step: step, top: sharpnessTracking.top,
                preconditioner: adam.flatMap { Preconditioner($0, step: step, learningRate: rate) }
            ) {
                configuration.stabilityEdge(learningRate: rate, gradient: $0, at: state.theta)
            }
        } catch is MatrixFreeError {
            // Numbers that are not finite have no eigenvalues: the next step will say that the training diverged.
            return nil
        }
    }
}
