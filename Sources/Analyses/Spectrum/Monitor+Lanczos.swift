import Essentials
import MatrixFree

extension Monitor {
    /// Runs Lanczos with progress: products made, and how many values have converged. What the monitor throws ends the run and is thrown
    /// on.
    func following<Result>(_ task: String, _ run: ((LanczosProgress) -> Bool) throws -> Result) throws -> Result {
        var failure: (any Error)?
        let result = try run { state in
            do {
                try update(
                    task, state.products, of: nil,
                    "products, \(state.converged) of \(state.wanted) converged, λ from \(Format.short(state.smallest)) to \(Format.short(state.largest)), residual \(Format.short(state.worstRelativeResidual))"
                )
                return true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        return result
    }
}
