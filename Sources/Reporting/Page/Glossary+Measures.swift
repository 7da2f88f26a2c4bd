import Analyses

/// What the measures mean that a report has only where they are asked for.
extension Glossary {
    /// The term of such a measure; nil for those that every report has.
    static func term(_ measure: StudyMeasures.Measure) -> Term? {
        let adaptive = " Steps are measured relative to each weight, so that rescaling a ReLU network moves nothing."
        let (brief, meaning): (String, String)
        switch measure {
        case .adaptiveOneStep:
            (brief, meaning) = ("rise after a step relative to the weights", "One step of SAM." + adaptive)
        case .adaptiveWorstCase:
            (brief, meaning) = (
                "rise within a distance relative to the weights",
                "The worst case in a ball, a lower bound of it." + adaptive
            )
        case .adaptiveAverageCase:
            (brief, meaning) = ("mean rise with noise in proportion to the weights", "The average case." + adaptive)
        case .fisherRao:
            (brief, meaning) = (
                "θᵀGθ, unmoved by rescaling of layers",
                "The squared length of the weights in the metric of the Gauss–Newton matrix G: θᵀGθ."
            )
        case .pacBayes:
            (brief, meaning) = (
                "noise on every weight that costs 0.1",
                "The deviation σ at which Gaussian noise on every weight costs 0.1 of loss on average. The flatter, the larger."
            )
        case .adaptivePACBayes:
            (brief, meaning) = (
                "noise in proportion to the weights that costs 0.1",
                "The share σ of every weight at which such noise costs 0.1 of loss on average. The flatter, the larger."
            )
        case .noise:
            (brief, meaning) = (
                "curvature that the gradient's noise meets",
                "tr(HΣ) with the covariance Σ of the examples' gradients: how far noise of batches goes where the loss curves."
            )
        case .symmetryCorrected:
            (brief, meaning) = (
                "the worst case that attention's symmetry does not move",
                "The worst case at the balanced weights of each attention head and across its symmetry: W_Q A and W_K A⁻ᵀ are the same network, and here have the same value. A lower bound."
            )
        case .learningCoefficient:
            (brief, meaning) = (
                "how degenerate the minimum is; P/2 at most",
                "The local learning coefficient, from Langevin chains that start at the checkpoint: P/2 for a regular minimum, less for a degenerate one. There is no value where the chains have not mixed."
            )
        case .effectiveDimension:
            (brief, meaning) = (
                "directions that the data determine",
                "Σ λ/(λ + 1/n) over the eigenvalues of the Gauss–Newton matrix: how many directions n examples determine against a prior N(0, 1) on each weight."
            )
        case .relativeFlatness:
            (brief, meaning) = (
                "curvature times weights, summed over layers",
                "Σ ⟨wₛ, wₜ⟩ tr Hₛₜ over pairs of neurons of each layer, summed over layers. Rescaling of layers or neurons does not move it. The interval adds the errors of the layers."
            )
        case .topSpace:
            (brief, meaning) = (
                "of the gradient's square, in the top 10 eigenvectors",
                "The share of ‖∇L‖² in the space of the Hessian's ten largest eigenvectors."
            )
        case .classLargestEigenvalue:
            (brief, meaning) = (
                "largest curvature over one class's examples",
                "The largest eigenvalue of the Hessian of each class's examples alone, and the largest of these."
            )
        case .samplingGap:
            (brief, meaning) = (
                "what half of the examples leave open of λmax",
                "By so much the mean λmax of random halves of the examples is above what their top eigenvectors have on all: the λmax of all lies between."
            )
        case .empiricalFisherTrace:
            (brief, meaning) = (
                "how hard single examples pull",
                "The mean of ‖gᵢ‖² over the examples' own gradients, which is the trace of the empirical Fisher matrix."
            )
        case .largestDiagonal:
            (brief, meaning) = (
                "curvature along the sharpest single weight",
                "The largest diagonal element of the Hessian among those that an estimate finds largest: a lower bound of the largest."
            )
        case .largestEigenvalue, .trace, .oneStep, .worstCase, .averageCase, .gradientNorm, .weightNorm, .trainingLoss,
            .critical, .directional:
            return nil
        }
        return Term(
            key: measure.rawValue.replacing("_", with: "-"), name: measure.title, meaning: meaning, brief: brief)
    }
}
