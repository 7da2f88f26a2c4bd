import GraphEvaluation
import Tensors
import Testing

@testable import Autodiff

/// What becomes one loop.
@Suite struct FusionTests {
    private func steps(_ outputs: [Value]) -> [Step] {
        Fusion(Lowering(outputs[0].graph, outputs: outputs).items).steps
    }

    private func input(_ shape: [Int], _ graph: Graph, _ stage: Stage = .data) -> Value {
        graph.input("x", TensorType(shape), stage)
    }

    @Test(arguments: [1, 2, 10, 48]) func chainsAreOneLoop(_ length: Int) {
        let graph = Graph()
        var y = input([6, 7], graph)
        for i in 0..<length { y = i % 2 == 0 ? y.exp() : y.sin() }
        #expect(steps([y]).map(\.items.count) == [length])
    }

    /// A loop has a limit, beyond which the next begins.
    @Test func longChainsAreCut() {
        let graph = Graph()
        var y = input([6, 7], graph)
        for i in 0..<100 { y = i % 2 == 0 ? y.exp() : y.sin() }
        let steps = steps([y])
        #expect(steps.map(\.items.count).reduce(0, +) == 100)
        #expect(steps.count == 3)
    }

    @Test func reductionsJoinTheirOperandsLoop() {
        let graph = Graph()
        let x = input([6, 7], graph)
        let y = x.exp() * x
        #expect(steps([y.sum([1]), y.maximum(over: [1]), y]).count == 1)
        // Sums over other axes are another loop; one loop's sums have the same axes.
        #expect(steps([y.sum([1]), x.sin().sum([0])]).count == 2)
    }

    /// A divisor that repeats is inverted in a loop of its own: the sum, its reciprocal, the product.
    @Test func quotientsByRow() {
        let x = input([8, 10], Graph()).exp()
        #expect(steps([x / x.sum([1])]).count == 3)
    }

    @Test func broadcastOperandsAreReadInPlace() {
        let graph = Graph()
        let x = input([4, 5, 6], graph), bias = input([6], graph, .parameters),
            rows = input([4, 1, 6], graph, .parameters)
        let y = ((x + bias) * rows).relu() + x.permuted([0, 1, 2])
        #expect(steps([y]).count == 1)
    }

    /// Later stages do not join loops of earlier ones: those would run again.
    @Test func stagesStayApart() {
        let graph = Graph()
        let x = input([5], graph), p = input([5], graph, .parameters), v = input([5], graph, .tangent)
        let found = steps([((x.exp() + p).sin() * v).cos()])
        #expect(found.map(\.stage) == [.data, .parameters, .tangent])
    }

    /// Diamonds through something that ends a loop: one branch goes past it, the other through it. If all elementwise items
    /// shared a loop, it would wait for itself.
    @Test func diamondsDoNotDeadlock() {
        let graph = Graph()
        let x = input([4, 4], graph)
        let a = x.exp(), b = x.sin()
        let throughProduct = a + a.product(b)
        let throughSum = a * a.sum([0]) + b
        let throughView = a - a.permuted([1, 0])
        let crossed = (a.sum([0]) * b) + (b.sum([1]) * a)
        let twice = (throughSum.maximum(over: [1]) + crossed).sum([0]) * a.product(crossed.permuted([1, 0]))
        let outputs = [throughProduct, throughSum, throughView, crossed, twice]
        let inputs = [(x, sample(16))]
        let found = evaluate(graph, outputs, inputs), expected = interpret(graph, outputs, inputs)
        // Some twenty operations, each within an ulp or two, on numbers that cancel a little.
        for (a, b) in zip(found, expected) { #expect(relativeError(a, b) < 1e-14) }
    }

    /// x − c is not stored for loops that can make it of x; what a kernel reads, or takes long, or is asked for, is.
    @Test func simpleArithmeticIsDoneAgain() {
        let graph = Graph()
        let x = input([8, 64], graph), c = input([64], graph, .parameters), w = input([64, 64], graph, .parameters)
        func stored(_ outputs: [Value]) -> Int {
            let lowering = Lowering(graph, outputs: outputs), bases = Set(outputs.map { lowering.views[$0.id]!.base })
            let fusion = Fusion(lowering.items, outputs: bases)
            let needed = MemoryPlan.neededOutside(fusion.items, fusion.steps).subtracting(bases)
            return needed.count {
                fusion.items[$0].isElementwise && fusion.items[$0].type.count == 512
            }
        }
        func later(_ y: Value) -> Value { y * y.sum([0]) }
        let simple = x - c, slow = (x - c).exp()
        #expect(stored([later(simple)]) == 0)
        #expect(stored([later(slow)]) == 1)
        #expect(stored([later(simple) + simple.product(w)]) == 1)
        let numbers = [(x, sample(512)), (c, sample(64, seed: 2)), (w, sample(64 * 64, seed: 3))]
        let outputs = [later(simple), simple, later(slow), later(later(simple))]
        for (a, b) in zip(evaluate(graph, outputs, numbers), interpret(graph, outputs, numbers)) {
            #expect(relativeError(a, b) < 1e-13)
        }
    }

    /// Every item is computed once, after what it reads.
    @Test(arguments: 0..<100) func orderIsSound(_ seed: Int) {
        let random = RandomGraph(seed: UInt64(5000 + seed), operations: 60, shapes: ExecutableTests.small)
        let given = Lowering(random.graph, outputs: random.outputs)
        let outputs = Set(random.outputs.map { given.views[$0.id]!.base })
        let fusion = Fusion(given.items, outputs: outputs), items = fusion.items, steps = fusion.steps
        var done: Set<Int> = Set(
            items.indices.filter {
                if case .input = items[$0].work { true } else if case .constant = items[$0].work { true } else { false }
            })
        for step in steps {
            for id in step.items {
                // Within a loop, only what is read element by element may come from the loop itself.
                for view in items[id].operands {
                    let inside = step.items.contains(view.base)
                    #expect(
                        done.contains(view.base)
                            && (!inside || items[view.base].isElementwise && items[view.base].isRead(directlyBy: view)))
                }
                #expect(done.insert(id).inserted)
            }
        }
        // What is left out is computed once more where it is read.
        let read = Set(steps.flatMap { $0.items }.flatMap { items[$0].operands.map(\.base) })
        #expect(done.isSuperset(of: read.union(outputs)))
        #expect(steps.map(\.stage) == steps.map(\.stage).sorted())
    }
}
