import Analyses

/// What the words of a report mean; docs/definitions.md says it in full.
struct Glossary {
    /// A word, and what it means.
    struct Term {
        let key: String, name: String, meaning: String
        /// In a few words, for a row of a table.
        var brief = ""
    }

    /// Those of the measures that a report has only where they are asked for.
    private static let others = StudyMeasures.Measure.allCases.compactMap { term($0) }

    static let terms = [
        Term(
            key: "loss", name: "loss, L(θ)",
            meaning:
                "The mean over all examples of the network's error, without weight decay. For the examples it is taken over it has no error but rounding."
        ),
        Term(key: "accuracy", name: "accuracy", meaning: "The share of examples whose largest output is the label's."),
        Term(
            key: "weight-norm", name: "norm of the weights, ‖θ‖₂",
            meaning:
                "The length of the vector of all parameters. Under cross-entropy large weights by themselves shrink the Hessian, so curvatures are compared together with norms."
        ),
        Term(
            key: "gradient-norm", name: "norm of the gradient, ‖∇L‖₂",
            meaning: "How steep the loss is at the checkpoint. It is 0 at a minimum; few trainings end at one."),
        Term(
            key: "hessian", name: "Hessian, H",
            meaning: "The matrix of second derivatives of the loss: its curvature in every direction."),
        Term(
            key: "lambda-max", name: "largest eigenvalue, λmax",
            meaning: "The curvature of the loss in the direction in which it curves most."),
        Term(
            key: "residual", name: "residual, ‖Hv − λv‖",
            meaning:
                "Some eigenvalue of H lies this close to the λ that is given. That it is the largest is not proved by it."
        ),
        Term(
            key: "trace", name: "trace of H",
            meaning:
                "The sum of all eigenvalues, estimated from products of H with random vectors. Divided by the number of parameters it is the mean curvature."
        ),
        Term(
            key: "interval", name: "95 % interval",
            meaning:
                "An interval that covers the expected value for 95 % of random seeds. It says how far the estimate's own randomness reaches, and nothing of other data."
        ),
        Term(
            key: "density", name: "spectral density",
            meaning:
                "How many eigenvalues of H lie where, smoothed. Its integral is 1. A bulk at 0 and a few outliers are usual."
        ),
        Term(
            key: "worst-case", name: "worst case in a ball of radius ρ",
            meaning:
                "The largest rise of the loss for a step of length at most ρ. A search finds a lower bound: the true value is at least this, and nobody knows how far above it lies."
        ),
        Term(
            key: "one-step", name: "one step of SAM",
            meaning:
                "The rise after the one step of length ρ along the gradient that SAM takes. It is no measure of the ball."
        ),
        Term(
            key: "estimate", name: "estimate ρ‖g‖ + ½ρ²λmax",
            meaning:
                "The worst case if the loss were a parabola at most this curved. For the loss itself it is no bound."
        ),
        Term(
            key: "average-case", name: "average case of deviation σ",
            meaning:
                "The mean rise of the loss when every weight gets independent Gaussian noise of deviation σ. Such a step is √P times longer than σ, so the same number as ρ means something else."
        ),
        Term(
            key: "critical", name: "critical sharpness 2/η_c",
            meaning:
                "A step against the gradient first lowers the loss. At the rate η_c it no longer does, and 2/η_c stands for the curvature that it met on the way. The range is that of the losses which enclose η_c."
        ),
        Term(
            key: "directional", name: "curvature along the gradient",
            meaning:
                "How much the loss curves along the gradient, gᵀHg/gᵀg. It is at most the largest eigenvalue."
        ),
        Term(
            key: "keskar", name: "Keskar's φ",
            meaning:
                "100 (max L − L(θ))/(1 + L(θ)) over a box around the weights whose sides grow with the weights. A lower bound."
        ),
        Term(
            key: "slice", name: "slice",
            meaning:
                "The loss along one direction d₁, or over the plane of two: L(θ + α d₁ + β d₂). The checkpoint is at α = β = 0. Of millions of directions it shows one or two."
        ),
        Term(
            key: "filter", name: "filter normalisation",
            meaning:
                "Every filter of a random direction is scaled to the length of the network's filter, so that α = 1 moves each by its own size. It makes slices of networks of different weights comparable."
        ),
        Term(
            key: "slice-rise", name: "rise at the ends of the slice",
            meaning: "The larger of the losses at the two ends of the slice along one direction, less the loss at 0."),
        Term(
            key: "trajectory", name: "trajectory",
            meaning:
                "The checkpoints of a training, projected onto the plane in which they move most. What happens outside that plane is not seen; the share inside is given."
        ),
        Term(
            key: "wilson", name: "error of a test accuracy",
            meaning:
                "Wilson's 95 % interval: how far another test set of the same size and kind would move it. Training accuracy has none, because those examples were learnt."
        ),
    ]

    static func meaning(_ key: String) -> String { (terms + others).first { $0.key == key }?.meaning ?? "" }

    /// A word of running text that shows its meaning when pointed at or focused, and leads to the list at the end.
    ///
    /// - Parameter place: where on the page, as an identifier needs to be one.
    static func word(_ name: String, _ key: String, at place: String) -> HTML {
        """
        <span class="term"><a href="#term-\(key)" aria-describedby="tip-\(place)">\(name)</a><span role="tooltip" id="tip-\(place)">\(meaning(key))</span></span>
        """
    }

    /// All words that a report has, and those of some measures.
    static func list(with measures: [Measure]) -> HTML {
        let items = (terms + others.filter { term in measures.contains { $0.term == term.key } }).map { term -> HTML in
            "<div id=\"term-\(term.key)\"><dt>\(term.name)</dt><dd>\(term.meaning)</dd></div>"
        }
        return "<dl class=\"glossary\">\n\(items)\n</dl>"
    }
}
