import Networks
import ReferenceModels
import Tensors
import Testing

@testable import Objectives

/// Loss, gradient and products against PyTorch's in Float64. Bounds: rounding of some 10⁵ operations (1e-11) with room.
@Suite struct ReferenceTests {
    @Test(arguments: ["mlp", "cnn"]) func derivatives(_ which: String) throws {
        let r = try which == "mlp" ? Reference.mlp() : Reference.cnn()
        let objective = try r.objective()
        let (loss, gradient) = try objective.valueAndGradient(at: r.theta)
        #expect(abs(loss - r.number("loss")) < 1e-12)
        #expect(abs(try objective.value(at: r.theta) - r.number("loss")) < 1e-12)
        #expect(try objective.evaluate(at: r.theta).accuracy == r.number("eval_accuracy"))
        #expect(relativeError(gradient, try r.vector("grad")) < 1e-10)
        let v = try r.vector("v")
        #expect(relativeError(try objective.hessianVectorProduct(at: r.theta, along: v), try r.vector("hvp")) < 1e-10)
        #expect(
            relativeError(try objective.gaussNewtonVectorProduct(at: r.theta, along: v), try r.vector("ggn_vp")) < 1e-10
        )
    }

    @Test func batchStatistics() throws {
        let r = try Reference.cnn()
        let objective = try r.objective(batchSize: 400, batchNorm: .batch)
        let expected = try #require(r.numbers["bn_train_mode"] as? [String: Double])
        let (loss, gradient) = try objective.valueAndGradient(at: r.theta)
        #expect(abs(loss - expected["loss"]!) < 1e-12)
        #expect(abs(Vectors.norm(gradient) - expected["grad_norm"]!) < 1e-10)
        let hv = try objective.hessianVectorProduct(at: r.theta, along: try r.vector("v"))
        #expect(relativeError(hv, try r.vector("hvp_bn_train_mode")) < 1e-10)
    }

    /// With one batch of all rows, statistics measured and then stored give what that batch itself gives, once the unbiased
    /// variances (which running averages hold) are made the biased ones again (which a batch is normalised by).
    @Test func recalibration() throws {
        let r = try Reference.cnn()
        let batch = try r.objective(batchSize: 400, batchNorm: .batch)
        var statistics = try batch.batchStatistics(at: r.theta)
        for (index, tensor) in r.network.buffers.tensors.enumerated() where tensor.name.hasSuffix("running_var") {
            let values = tensor.name.hasPrefix("bn1") ? 400.0 * 64 : 400.0 * 16  // 8×8 pixels, then 4×4
            for i in r.network.buffers.range(index) { statistics[i] *= (values - 1) / values }
        }
        let stored = try r.objective()
        #expect(abs(try stored.value(at: r.theta) - batch.value(at: r.theta)) > 1e-6)
        let adjusted = stored.with(statistics: statistics)
        #expect(abs(try adjusted.value(at: r.theta) - batch.value(at: r.theta)) < 1e-12)
        // Ragged batches count by their size: means over all rows are the same whatever the batches.
        let (whole, parts) = (
            try batch.batchStatistics(at: r.theta),
            try r.objective(batchSize: 150, batchNorm: .batch).batchStatistics(at: r.theta)
        )
        let first = r.network.buffers.range(0)  // the first layer's mean, which no other batch statistic enters
        #expect(relativeError(Array(parts[first]), Array(whole[first])) < 1e-12)
    }

    /// As little memory as is enough, by what the refusal of less says.
    private func least(_ body: (_ memory: Int) throws -> [Double]) throws -> Int {
        do {
            _ = try body(1)
        } catch ObjectiveError.memoryTooSmall(given: 1, let needed) {
            let little = BatchSeries.processBytes
            #expect(throws: ObjectiveError.memoryTooSmall(given: little, needed: needed)) { try body(little) }
            return needed
        }
        Issue.record("a byte is enough")
        return 0
    }

    /// A higher derivative needs more memory, and a limit that is enough for values does for them alone.
    @Test func memoryOfDerivatives() throws {
        let r = try Reference.mlp(), v = try r.vector("v")
        let least = try [DerivativeOrder.value, .gradient, .product].map {
            try r.objective(batchSize: 64, memory: 1 << 30).leastMemory($0)
        }
        #expect(least[0] < least[1] && least[1] < least[2])
        let objective = try r.objective(batchSize: 64, memory: least[0])
        let enough = try r.objective(batchSize: 64, memory: 1 << 30)
        #expect(relativeError([try objective.value(at: r.theta)], [try enough.value(at: r.theta)]) < 1e-12)
        #expect(throws: ObjectiveError.memoryTooSmall(given: least[0], needed: least[2])) {
            try objective.hessianVectorProduct(at: r.theta, along: v)
        }
    }

    /// Batches, ragged or not, with or without memory to keep things in, give the same function.
    @Test(arguments: ["mlp", "cnn"]) func batchesAndMemory(_ which: String) throws {
        let r = try which == "mlp" ? Reference.mlp() : Reference.cnn()
        let v = try r.vector("v"), hvp = try r.vector("hvp"), gradient = try r.vector("grad")
        let least = try least { try r.objective(batchSize: 64, memory: $0).hessianVectorProduct(at: r.theta, along: v) }
        for (batch, memory) in [
            (1 << 20, 1 << 30), (100, 1 << 30), (64, 1 << 30), (64, least), (64, least + 1 << 20), (7, 1 << 30),
        ] {
            let objective = try r.objective(batchSize: batch, memory: memory)
            let first = try objective.hessianVectorProduct(at: r.theta, along: v)
            #expect(relativeError(first, hvp) < 1e-10)
            // Again at the same θ, at another one, and back; several at once.
            #expect(try objective.hessianVectorProduct(at: r.theta, along: v) == first)
            _ = try objective.hessianVectorProduct(at: r.theta.map { $0 * 0.9 }, along: v)
            #expect(try objective.hessianVectorProducts(at: r.theta, along: [gradient, v])[1] == first)
            #expect(relativeError(try objective.valueAndGradient(at: r.theta).gradient, gradient) < 1e-10)
        }
    }

    @Test(arguments: ["mlp", "cnn"]) func singlePrecision(_ which: String) throws {
        let r = try which == "mlp" ? Reference.mlp() : Reference.cnn()
        let objective = try r.objective(.float)
        let (loss, gradient) = try objective.valueAndGradient(at: r.theta)
        // Float32 rounds to 6e-8; sums of up to a thousand terms lose two digits at most.
        #expect(abs(loss - r.number("loss")) < 2e-6 * r.number("loss"))
        #expect(relativeError(gradient, try r.vector("grad")) < 1e-4)
        #expect(
            relativeError(
                try objective.hessianVectorProduct(at: r.theta, along: try r.vector("v")), try r.vector("hvp")) < 1e-4)
    }

    /// The same bits for any number of threads.
    @Test(arguments: [Precision.float, .double]) func threads(_ precision: Precision) throws {
        let r = try Reference.cnn()
        let v = try r.vector("v")
        var results: [[Double]] = []
        for threads in [1, 2, 3, 7] {
            Threads.count = threads
            let objective = try r.objective(precision)
            let (loss, gradient) = try objective.valueAndGradient(at: r.theta)
            results.append([loss] + gradient + (try objective.hessianVectorProduct(at: r.theta, along: v)))
        }
        Threads.count = 2
        for other in results.dropFirst() { #expect(other == results[0]) }
    }
}
