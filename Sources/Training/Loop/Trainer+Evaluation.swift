import Datasets
import Models
import Objectives

extension Trainer {
    /// Losses and accuracies at the final θ.
    struct FinalEvaluation {
        var train: Evaluation?
        var test: Evaluation?
        var warnings: [String] = []
    }

    /// The training's loss on data, with the batch-norm statistics that training has averaged so far.
    func objective(on data: Dataset) throws -> NetworkObjective {
        try NetworkObjective(
            network: network, statistics: state.buffers, data: data, loss: loss, precision: configuration.precision,
            memory: memory)
    }

    /// Steps taken so far.
    public var step: Int { state.step }

    func finalEvaluation() throws -> FinalEvaluation {
        var evaluation = FinalEvaluation()
        evaluation.train = try objective(on: data.train).evaluate(at: state.theta)
        if let last = state.history.last, last.step == state.step, let loss = last.testLoss {
            evaluation.test = Evaluation(loss: loss, accuracy: last.testAccuracy)  // the last epoch ended here
        } else if let test = data.test {
            evaluation.test = try objective(on: test).evaluate(at: state.theta)
        }
        let sample = data.train.subset(TrivialSolution.sample(of: data.train.count))
        let outputs = try objective(on: sample).outputs(at: state.theta)
        // A regression on classes has their one-hot rows for targets; their classes tell enough.
        let finding = TrivialSolution(outputs: outputs, width: network.outputs, targets: sample.targets)
        if let finding { evaluation.warnings.append(finding.warning(configuration)) }
        return evaluation
    }

    func outcome(
        _ checkpoint: Checkpoint, _ series: CheckpointSeries, _ seconds: Double, _ evaluation: FinalEvaluation,
        _ averages: [WeightAverage.Result], isFinished: Bool
    ) -> TrainingOutcome {
        TrainingOutcome(
            isFinished: isFinished, checkpoint: checkpoint, files: series.files, trainLoss: evaluation.train?.loss,
            trainAccuracy: evaluation.train?.accuracy, testLoss: evaluation.test?.loss,
            testAccuracy: evaluation.test?.accuracy, steps: state.step, gradientEvaluations: state.gradientEvaluations,
            seconds: seconds, averages: averages, warnings: evaluation.warnings)
    }
}
