import Datasets
import Foundation
import Networks
import Testing

@testable import Objectives

/// Data that do not fit a network or a loss.
@Suite struct ObjectiveErrorTests {
    private func make(
        _ targets: Dataset.Targets, _ loss: Loss, inputs: Int = 4, outputs: Int = 3, memory: Int = 1 << 30
    ) throws -> NetworkObjective {
        let data = Dataset(
            name: "six", inputs: .floats([Float](repeating: 1, count: 6 * inputs)), exampleShape: [inputs],
            targets: targets)
        return try NetworkObjective(
            network: Network("linear", inputShape: [4], outputs: outputs), data: data, loss: loss,
            memory: MemoryBudget(limit: memory))
    }
    private let classes = Dataset.Targets.classes([0, 1, 2, 0, 1, 2], count: 3)
    private let numbers = Dataset.Targets.values([Double](repeating: 1, count: 18), width: 3)
    private let crossEntropy = Loss.crossEntropy(labelSmoothing: 0)

    @Test func whatFits() throws {
        for (targets, loss) in [
            (classes, crossEntropy), (classes, .meanSquaredError), (numbers, .meanSquaredError),
            (numbers, .binaryCrossEntropy),
        ] {
            #expect(try make(targets, loss).value(at: [Double](repeating: 0.1, count: 15)).isFinite)
        }
        // More outputs than classes: a label is an index all the same.
        #expect(try make(classes, crossEntropy, outputs: 5).value(at: [Double](repeating: 0, count: 25)).isFinite)
    }

    @Test func whatDoesNotFit() {
        #expect(
            throws: ObjectiveError.data(.unsuitable(expected: "examples of shape [4]", found: "examples of shape [5]"))
        ) { try make(classes, crossEntropy, inputs: 5) }
        #expect(throws: ObjectiveError.data(.labelOutOfRange(label: 2, outputs: 2))) {
            try make(classes, crossEntropy, outputs: 2)
        }
        #expect(throws: ObjectiveError.data(.labelOutOfRange(label: -1, outputs: 3))) {
            try make(.classes([0, 1, -1, 0, 1, 2], count: 3), crossEntropy)
        }
        #expect(throws: ObjectiveError.self) { try make(numbers, crossEntropy) }
        #expect(throws: ObjectiveError.data(.unsuitable(expected: "5 targets an example", found: "3"))) {
            try make(numbers, .meanSquaredError, outputs: 5)
        }
        // One-hot rows of three would be read as rows of five.
        #expect(throws: ObjectiveError.self) { try make(classes, .meanSquaredError, outputs: 5) }
    }

    @Test func tooLittleMemory() {
        #expect(throws: ObjectiveError.self) {
            try make(classes, crossEntropy, memory: 100).value(at: [Double](repeating: 0, count: 15))
        }
    }

    /// The size of a batch that fits is found on machines of any size: the product of examples and bytes may be beyond 64 bits.
    @Test func sharesOfLargeMachines() {
        #expect(BatchSeries.share(of: 100, room: 30, needed: 60) == 50)
        #expect(BatchSeries.share(of: 7, room: 10, needed: 11) == 6)
        #expect(BatchSeries.share(of: 1 << 30, room: 1 << 50, needed: 1 << 51) == 1 << 29)
        #expect(BatchSeries.share(of: 1 << 40, room: 0, needed: 1) == 0)
        #expect(BatchSeries.share(of: 1 << 40, room: -5, needed: 1) == 0)
    }

    /// By default a large model gets what a batch of one example needs; what the machine does not have is refused as that.
    @Test(.enabled(if: ProcessInfo.processInfo.physicalMemory > 4 << 30)) func largeModels() throws {
        let network = try Network("mlp:64-5000-5000-10", inputShape: [64], outputs: 10)
        let held = BatchProgram.Kind.gradient.vectorBytes(network, .float)
        func series(_ limit: Int?, held: Int) throws -> BatchSeries {
            try BatchSeries(
                examples: 8, requested: nil, preference: .inCache, memory: MemoryBudget(limit: limit), heldBytes: held,
                keeps: false
            ) {
                BatchProgram(
                    network, crossEntropy, LossLayout(crossEntropy, outputs: 10), .stored, .gradient, batch: $0, .float)
            }
        }
        // 64 MiB beside the vectors are too little for the gradient of 25 million parameters.
        let little = BatchSeries.processBytes + held + (1 << 26)
        #expect(throws: ObjectiveError.self) { try series(little, held: held) }
        #expect(try series(nil, held: held).room > 1 << 28)
        let error = #expect(throws: ObjectiveError.self) { try series(nil, held: 1 << 50) }
        guard case .memoryTooSmall(nil, let needed) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(needed > 1 << 50 && !error!.description.contains("--memory"))
    }
}
