import AllocationCounter
import Foundation
import GraphEvaluation
import Tensors
import Testing

@testable import Autodiff
@testable import Networks

/// Hessian–vector products of a small residual network, as executables run them: memory plan, stages, allocations.
@Suite struct SteadyStateTests {
    private struct Product {
        let outputs: [Value]
        let run: GraphRun
        let tangents: [Value]
        let dimension: Int
    }

    private func product(
        _ model: String = "resnet8:B", _ precision: Precision = .float, mode: BatchNormMode = .batch, bound: Bool = true
    ) throws -> Product {
        let network = try Network(model, inputShape: [3, 8, 8], outputs: 10)
        let graph = Graph(), n = 5
        let built = network.build(in: graph, batch: n, batchNorm: mode)
        let label = graph.input("label", TensorType([n], .index), .data)
        let loss = Loss.crossEntropy(labelSmoothing: 0.1).values(built.output, target: label).sum()
        let tangents = built.parameters.map { graph.input("v", $0.type, .tangent) }
        let outputs = graph.hessianVectorProduct(of: loss, at: built.parameters, along: tangents)
        let run = GraphRun(graph, outputs, precision)
        run.bind(built.input, RandomNumbers(seed: 1).normals(built.input.type.count))
        run.bind(label, indices: [0, 2, 1, 9, 5])
        run.bindTensors(built.parameters, network.parameters.initialValues(seed: 2))
        run.bindTensors(built.buffers, network.buffers.initialValues(seed: 2))
        run.bindTensors(tangents, RandomNumbers(seed: 3).normals(network.parameters.count))
        return Product(outputs: outputs, run: run, tangents: tangents, dimension: network.parameters.count)
    }

    private static let models = [
        "resnet8", "resnet8:B", "lenet", "vit:patch=4,dim=8,depth=2,heads=2", "mlp:192-20-20-10",
    ]

    /// No softmax of a vision transformer is a kernel of its own, nor its derivative, unless a second one reads what it is applied
    /// to; where only the outputs are wanted, scores and probabilities do not exist.
    @Test func attentionIsMadeByRows() throws {
        func attentions(_ outputs: [Value], alone: Int = 0) -> [FusedAttention] {
            let kernels = Lowering(outputs[0].graph, outputs: outputs).items.compactMap { item in
                if case .kernel(let primitive) = item.work { primitive } else { nil }
            }
            #expect(kernels.count { $0 is Softmax || $0 is SoftmaxSlope } == alone)
            return kernels.compactMap { $0 as? FusedAttention }
        }
        let network = try Network("vit:patch=4,dim=8,depth=2,heads=2", inputShape: [3, 8, 8], outputs: 10)
        let built = network.build(in: Graph(), batch: 5, batchNorm: .batch)
        let values = attentions([built.output])
        #expect(values.count == 2 && values.allSatisfy { $0.second?.result != nil })
        let gradient = built.output.graph.gradient(of: built.output.squared().sum(), at: built.parameters)
        #expect(attentions(gradient).count == 4 && attentions(gradient).allSatisfy { $0.second == nil })
        let products = attentions(try product("vit:patch=4,dim=8,depth=2,heads=2").outputs, alone: 2)
        #expect(products.count { $0.scores.terms.count == 2 } == 4)
    }

    /// No two values whose lifetimes meet share bytes. A scratch value lives from the step that computes it to the last that
    /// reads it, or to the end where it is an output or recomputed for a later stage; a kept value for ever. Computed here from the
    /// steps, not by the plan.
    @Test(arguments: models) func lifetimesDoNotMeet(_ model: String) throws {
        let outputs = try product(model).outputs
        let lowering = Lowering(outputs[0].graph, outputs: outputs)
        let rematerialization = Rematerialization(
            lowering.items, outputs: outputs.map { lowering.views[$0.id]!.base })
        let bases = Set(rematerialization.outputs)
        let fusion = Fusion(rematerialization.items, outputs: bases), items = fusion.items, steps = fusion.steps
        #expect(steps.last!.stage == .tangent)
        let plan = MemoryPlan(items, steps, outputs: bases, elementSize: 4)
        var born: [Int: Int] = [:], last: [Int: Int] = [:], readLater = bases
        for (number, step) in steps.enumerated() {
            for id in step.items {
                born[id] = number
                for view in items[id].operands {
                    last[view.base] = number
                    if items[view.base].stage < step.stage { readLater.insert(view.base) }
                }
            }
        }
        var scratch: [(bytes: Range<Int>, life: ClosedRange<Int>)] = [], kept: [Range<Int>] = [],
            common: [Range<Int>] = [], total = 0, lasting = 0
        for id in items.indices {
            let size = items[id].type.count * 4 + 64
            switch plan.places[id] {
            case .scratch(let offset):
                let lasts = readLater.contains(id)
                #expect(!lasts || items[id].stage >= .recomputed, "what a later stage reads must be kept")
                #expect(offset % 64 == 0 && offset + size <= plan.scratchBytes)
                let end = lasts ? steps.count : max(last[id] ?? 0, born[id]!)
                scratch.append((offset..<(offset + size), born[id]!...end))
                if lasts { lasting += size } else { total += size }
            case .kept(let offset):
                #expect(items[id].stage < .recomputed)
                #expect(offset % 64 == 0 && offset + size <= plan.keptBytes)
                kept.append(offset..<(offset + size))
            case .common(let stage, let offset):
                #expect(items[id].isCommon && items[id].stage == stage)
                #expect(offset % 64 == 0 && offset + size <= plan.commonBytes[stage.rawValue])
                common.append(offset + stage.rawValue << 40..<(offset + stage.rawValue << 40 + size))
            case .input, .constant: break
            // Without memory: what only its own loop reads.
            case .none:
                #expect(items[id].isElementwise && !readLater.contains(id) && (last[id] ?? 0) == (born[id] ?? 0))
            case .block: Issue.record("a block without a sweep")
            }
        }
        for (i, a) in scratch.enumerated() {
            for b in scratch[(i + 1)...] where a.bytes.overlaps(b.bytes) {
                #expect(!a.life.overlaps(b.life), "\(a) and \(b)")
            }
        }
        for ranges in [kept, common] {
            let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
            for (a, b) in zip(sorted, sorted.dropFirst()) { #expect(a.upperBound <= b.lowerBound) }
        }
        #expect(scratch.count > 10)
        // Deep networks share much; even the smallest here saves a quarter.
        #expect((plan.scratchBytes - lasting) * 4 < total * 3, "\(plan.scratchBytes) for \(total) beside \(lasting)")
    }

    /// The same bits again, from any stage on, with everything that runs share overwritten by NaN between stages.
    @Test(arguments: models, BatchNormMode.allCases) func laterStagesKeepWhatTheyNeed(
        _ model: String, _ mode: BatchNormMode
    ) throws {
        let product = try product(model, mode: mode)
        let executable = product.run.executable
        func poison() {
            for buffer in [executable.arena.scratch, executable.arena.benches[0].workspace] {
                memset(buffer.address, 0xff, buffer.byteCount)
            }
        }
        func results() -> [[Double]] { product.outputs.map(product.run.numbers) }
        product.run.run()
        let first = results()
        #expect(first.allSatisfy { $0.allSatisfy { $0.isFinite } } && first.contains { $0.contains { $0 != 0 } })
        product.run.run()
        #expect(results() == first)
        poison()
        for stage in [Stage.data, .parameters] {
            executable.run(product.run.instance, from: stage, through: stage)
            poison()
        }
        executable.run(product.run.instance, from: .tangent)
        #expect(results() == first)
        poison()
        for stage in [Stage.tangent, .parameters, .data] {
            product.run.run(from: stage)
            #expect(results() == first)
            poison()
        }
        // Another vector and back.
        product.run.bindTensors(product.tangents, RandomNumbers(seed: 9).normals(product.dimension))
        product.run.run(from: .tangent)
        #expect(results() != first)
        product.run.bindTensors(product.tangents, RandomNumbers(seed: 3).normals(product.dimension))
        product.run.run(from: .tangent)
        #expect(results() == first)
    }

    /// Runs after the first ask the C library for no memory.
    @Test(.enabled(if: allocation_count() >= 0), arguments: models, Precision.allCases)
    func steadyStateAllocatesNothing(_ model: String, _ precision: Precision) throws {
        let product = try product(model, precision)
        for _ in 0..<3 { product.run.run() }
        let (before, held) = (allocation_count(), allocation_balance())
        for _ in 0..<10 { product.run.run() }
        let (calls, kept) = (allocation_count() - before, allocation_balance() - held)
        #expect(calls == 0, "\(calls) allocations in ten runs")
        #expect(kept == 0)
    }

    /// The counter counts.
    @Test(.enabled(if: allocation_count() >= 0)) func allocationsAreSeen() {
        let before = allocation_count()
        let memory = malloc(100)
        defer { free(memory) }
        #expect(memory != nil && allocation_count() > before)
        let array = [Int](unsafeUninitializedCapacity: 1000) {
            $1 = 1000; $0.initialize(repeating: 1)
        }
        #expect(allocation_count() > before + 1 && array.count == 1000)
    }
}
