import Landscape

/// Progress of a Lanczos run: products made, and how many values have converged. Ends the run when the user asks.
func spectrumProgress(_ analysis: Analysis, _ name: String, most: Int = 0) -> (LanczosProgress) -> Bool {
    let progress = analysis.progress(name)
    return { state in
        do {
            try progress.update(
                state.converged, of: state.wanted,
                "\(state.products) products, λ from \(Format.short(state.smallest)) to \(Format.short(state.largest)), residual \(Format.short(state.worstRelativeResidual))"
            )
            return true
        } catch {
            return false
        }
    }
}
