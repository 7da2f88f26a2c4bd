import CKernels

/// A fused loop made ready for the C kernel: dimensions are merged and registers assigned. Addresses in the run's arena
/// are filled in before each run.
final class FusedLoop: @unchecked Sendable {
    private struct Access {
        let item: Int
        let offset: Int
        let strides: [Int]
        /// Elements from one example's part to the next, of a loop over examples.
        var exampleStride = 0
    }
    private let accesses: [Access]  // loads, stores, reductions
    private let operands: UnsafeMutablePointer<ls_operand>  // of the accesses
    private let instructions: UnsafeMutablePointer<ls_instruction>
    private let registers: UnsafeMutablePointer<Int32>  // of loads, stores, reductions; then the reductions' kinds
    private let sizes: UnsafeMutablePointer<Int64>
    private let loop: ls_fused

    /// - Parameter part: examples of a run, and of the whole batch; `nil` for all.
    init(_ step: Step, _ items: [Item], needed: Set<Int>, part: (count: Int, examples: Int)? = nil) {
        let first = items[step.items[0]]
        var domain = first.operands.first?.shape ?? first.type.shape
        let dense = StridedView.denseStrides(domain)
        let rowsOfExample = part.map { domain[0] / $0.examples } ?? 0
        if let part { domain[0] = rowsOfExample * part.count }
        var loadRegister: [StridedView: Int32] = [:]
        var registerOf: [Int: Int32] = [:]
        var count: Int32 = 0
        func fresh() -> Int32 {
            defer { count += 1 }
            return count
        }
        let own = Set(step.items)
        func isOwn(_ view: StridedView) -> Bool {
            own.contains(view.base) && items[view.base].isElementwise && items[view.base].isRead(directlyBy: view)
        }
        let merged = FusedLoop.mergedOperations(step, items, needed: needed, isOwn: isOwn)
        // Uses of values made in this loop, so that registers of intermediate values are used again.
        var lastUse: [Int: Int] = [:]
        // Reductions read their registers when all instructions have run.
        var reduced: Set<Int> = []
        for id in step.items {
            for view in merged[id]?.operands ?? [] where isOwn(view) { lastUse[view.base] = id }
            if case .reduction = items[id].work, isOwn(items[id].operands[0]) {
                lastUse[items[id].operands[0].base] = id
                reduced.insert(items[id].operands[0].base)
            }
        }
        var loads: [Access] = [], stores: [Access] = [], reductions: [Access] = []
        var code: [ls_instruction] = [], spare: [Int32] = []
        var loadRegisters: [Int32] = [], storeRegisters: [Int32] = [], reductionRegisters: [Int32] = [],
            kinds: [Int32] = [], counts: [Int64] = []
        for id in step.items {
            let item = items[id], isReduction = !item.isElementwise
            guard isReduction || merged[id] != nil else { continue }  // part of another operation
            let operands = isReduction ? item.operands : merged[id]!.operands
            var sources: [Int32] = []
            for view in operands {
                if isOwn(view) {
                    sources.append(registerOf[view.base]!)
                } else if let register = loadRegister[view] {
                    sources.append(register)
                } else {
                    let register = fresh()
                    loadRegister[view] = register
                    loads.append(Access(item: view.base, offset: view.offset, strides: view.strides))
                    loadRegisters.append(register)
                    sources.append(register)
                }
            }
            // A register of a stored value is the result's own memory and serves for nothing else.
            func release() {
                for base in Set(operands.filter(isOwn).map(\.base))
                where lastUse[base] == id && !needed.contains(base) && !reduced.contains(base) {
                    spare.append(registerOf[base]!)
                }
            }
            switch item.work {
            case .elementwise:
                let operation = merged[id]!
                let stored = needed.contains(id)
                if !stored { release() }
                let register = stored ? fresh() : spare.popLast() ?? fresh()
                if stored { release() }
                registerOf[id] = register
                if lastUse[id] == nil, !stored { spare.append(register) }
                func source(_ i: Int) -> Int32 { sources.indices.contains(i) ? sources[i] : sources[0] }
                code.append(
                    ls_instruction(
                        op: Int32(operation.opcode.rawValue), dst: register, a: source(0), b: source(1), c: source(2),
                        immediate: operation.immediate))
                if stored {
                    stores.append(Access(item: id, offset: 0, strides: dense))
                    storeRegisters.append(register)
                }
            case .reduction(let reduction):
                var strides = StridedView.denseStrides(item.type.shape)
                for axis in reduction.axes { strides[axis] = 0 }
                reductions.append(Access(item: id, offset: 0, strides: strides))
                reductionRegisters.append(sources[0])
                kinds.append(Int32(reduction.code.rawValue))
                let isDivided = part != nil && reduction.axes.first != 0
                counts.append(Int64(isDivided ? item.type.count / part!.examples * part!.count : item.type.count))
            default: preconditionFailure("a fused loop of kernels")
            }
        }
        accesses = (loads + stores + reductions).map {
            var access = $0
            access.exampleStride = part == nil ? 0 : access.strides[0] * rowsOfExample
            return access
        }
        let (extents, strides) = FusedLoop.merge(domain, accesses.map(\.strides))
        precondition(extents.count <= Int(LS_DIMS), "a loop over \(extents.count) dimensions")

        operands = .allocate(capacity: max(1, accesses.count))
        for (i, s) in strides.enumerated() {
            var operand = ls_operand()
            withUnsafeMutableBytes(of: &operand.stride) { raw in
                let to = raw.bindMemory(to: Int64.self)
                for (j, stride) in s.enumerated() { to[j] = Int64(stride) }
            }
            operands[i] = operand
        }
        instructions = .allocate(capacity: max(1, code.count))
        instructions.initialize(from: code, count: code.count)
        let all = loadRegisters + storeRegisters + reductionRegisters + kinds
        registers = .allocate(capacity: max(1, all.count))
        registers.initialize(from: all, count: all.count)
        sizes = .allocate(capacity: max(1, counts.count))
        sizes.initialize(from: counts, count: counts.count)

        var loop = ls_fused()
        loop.dims = Int32(extents.count)
        withUnsafeMutableBytes(of: &loop.extent) { raw in
            let to = raw.bindMemory(to: Int64.self)
            for (j, extent) in extents.enumerated() { to[j] = Int64(extent) }
        }
        loop.registers = count
        loop.loads = Int32(loads.count)
        loop.load_register = UnsafePointer(registers)
        loop.instructions = Int32(code.count)
        loop.instruction = UnsafePointer(instructions)
        loop.stores = Int32(stores.count)
        loop.store_register = UnsafePointer(registers + loads.count)
        loop.reductions = Int32(reductions.count)
        loop.reduction_register = UnsafePointer(registers + loads.count + stores.count)
        loop.reduction_kind = UnsafePointer(registers + loads.count + stores.count + reductions.count)
        loop.reduction_size = UnsafePointer(sizes)
        loop.kept_prefix = Int32(
            extents.indices.first { i in strides[(loads.count + stores.count)...].contains { $0[i] == 0 } }
                ?? extents.count)
        self.loop = loop
    }

    deinit {
        operands.deallocate()
        instructions.deallocate()
        registers.deallocate()
        sizes.deallocate()
    }

    private struct Operation {
        var opcode: ls_opcode
        var immediate: Double
        var operands: [StridedView]
    }

    /// The operation of each elementwise item. A product or a scaled value that only one sum reads becomes part of that
    /// sum's operation.
    private static func mergedOperations(
        _ step: Step, _ items: [Item], needed: Set<Int>, isOwn: (StridedView) -> Bool
    ) -> [Int: Operation] {
        var operations: [Int: Operation] = [:], uses: [Int: Int] = [:]
        for id in step.items {
            for view in items[id].operands { uses[view.base, default: 0] += 1 }
        }
        func inner(_ view: StridedView, _ opcode: ls_opcode) -> Operation? {
            guard isOwn(view), uses[view.base] == 1, !needed.contains(view.base),
                let operation = operations[view.base], operation.opcode == opcode
            else { return nil }
            return operation
        }
        for id in step.items {
            guard case .elementwise(let primitive) = items[id].work else { continue }
            let views = items[id].operands
            var operation = Operation(opcode: primitive.opcode, immediate: primitive.immediate, operands: views)
            if operation.opcode == LS_ADD {
                for (this, other) in [(0, 1), (1, 0)] {
                    if let product = inner(views[this], LS_MULTIPLY) {
                        operation = Operation(
                            opcode: LS_MULTIPLY_ADD, immediate: 0, operands: product.operands + [views[other]])
                    } else if let scaled = inner(views[this], LS_SCALE) {
                        operation = Operation(
                            opcode: LS_SCALE_ADD, immediate: scaled.immediate,
                            operands: scaled.operands + [views[other]])
                    } else {
                        continue
                    }
                    operations[views[this].base] = nil
                    break
                }
            } else if operation.opcode == LS_SUBTRACT, let product = inner(views[1], LS_MULTIPLY) {
                operation = Operation(
                    opcode: LS_SUBTRACT_PRODUCT, immediate: 0, operands: product.operands + [views[0]])
                operations[views[1].base] = nil
            } else if operation.opcode == LS_RELU, let sum = inner(views[0], LS_ADD) {
                operation = Operation(opcode: LS_ADD_RELU, immediate: 0, operands: sum.operands)
                operations[views[0].base] = nil
            }
            operations[id] = operation
        }
        return operations
    }

    /// Merges neighbouring dimensions that every access walks as one, and drops those of extent 1.
    private static func merge(_ shape: [Int], _ strides: [[Int]]) -> ([Int], [[Int]]) {
        var extents: [Int] = [], merged = strides.map { _ in [Int]() }
        for i in shape.indices where shape[i] > 1 {
            let last = extents.count - 1
            let joins = last >= 0 && strides.indices.allSatisfy { merged[$0][last] == strides[$0][i] * shape[i] }
            if joins {
                extents[last] *= shape[i]
                for a in strides.indices { merged[a][last] = strides[a][i] }
            } else {
                extents.append(shape[i])
                for a in strides.indices { merged[a].append(strides[a][i]) }
            }
        }
        return extents.isEmpty ? ([1], strides.map { _ in [1] }) : (extents, merged)
    }

    func benchRoom(_ kernels: Kernels) -> Bench.Room {
        let bytes = withUnsafePointer(to: loop) { kernels.table.fused_workspace($0) }
        return .init(workspaceBytes: Int(bytes), operands: accesses.count)
    }

    /// The loop with its addresses, in the memory of a bench.
    private func bound(
        _ kernels: Kernels, _ bench: Bench, _ address: (Int, Int) -> UnsafeMutableRawPointer
    ) -> ls_fused {
        let size = kernels.precision.size
        let own = bench.operands.address.assumingMemoryBound(to: ls_operand.self)
        own.update(from: operands, count: accesses.count)
        for (i, access) in accesses.enumerated() {
            own[i].base = address(access.item, access.exampleStride * size) + access.offset * size
        }
        var loop = loop
        loop.load = UnsafePointer(own)
        loop.store = UnsafePointer(own + Int(loop.loads))
        loop.reduction = UnsafePointer(own + Int(loop.loads + loop.stores))
        return loop
    }

    func run(
        _ kernels: Kernels, _ bench: Bench,
        address: (_ item: Int, _ exampleStride: Int) -> UnsafeMutableRawPointer
    ) {
        var loop = bound(kernels, bench, address)
        kernels.table.fused(&loop, bench.workspace.address)
    }

    /// Numbers that accumulate the loop's sums over examples.
    func accumulators(_ kernels: Kernels) -> Int {
        Int(withUnsafePointer(to: loop) { kernels.table.fused_accumulators($0) })
    }

    /// Runs a part of the loop and adds to its sums.
    func run(
        _ kernels: Kernels, _ bench: Bench, addingTo sums: UnsafeMutablePointer<Double>,
        address: (_ item: Int, _ exampleStride: Int) -> UnsafeMutableRawPointer
    ) {
        var loop = bound(kernels, bench, address)
        kernels.table.fused_sums(&loop, bench.workspace.address, sums)
    }

    /// Writes the results of the whole loop's reductions from the sums of several parts, which are overwritten.
    func finish(
        _ kernels: Kernels, _ bench: Bench, _ sums: UnsafeMutablePointer<Double>, parts: Int,
        address: (_ item: Int, _ exampleStride: Int) -> UnsafeMutableRawPointer
    ) {
        var loop = bound(kernels, bench, address)
        kernels.table.fused_finish(&loop, sums, Int64(parts))
    }
}
