import Landscape

extension OptimizerStep.Failure {
    /// The refusal of an option that needs what a checkpoint does not have.
    func refusal(_ option: String, _ checkpoint: String, advice: String) -> UnusableRequest {
        let found =
            switch self {
            case .noState: "keeps no state of an optimizer, as 'landscape train' writes it"
            case .noPreconditioner(let rule): "was trained with \(rule), expected adam or adamw"
            case .ascends(let rule):
                "was trained with \(rule), whose step is by the gradient after an ascent on a batch"
            }
        return UnusableRequest("\(option): \(checkpoint) \(found); \(advice)")
    }
}
