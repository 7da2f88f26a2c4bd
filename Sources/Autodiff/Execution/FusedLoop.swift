import CKernels

/// A fused loop made ready for the C kernel: dimensions merged, registers assigned. Addresses are filled in before each run.
final class FusedLoop {
    private struct Access {
        let item: Int
        let offset: Int
        let strides: [Int]
    }
    private let accesses: [Access]  // loads, stores, reductions
    private let operands: UnsafeMutablePointer<ls_operand>  // of the accesses
    private let instructions: UnsafeMutablePointer<ls_instruction>
    private let registers: UnsafeMutablePointer<Int32>  // of loads, stores, reductions; then the reductions' kinds
    private let sizes: UnsafeMutablePointer<Int64>
    private var loop = ls_fused()

    init(_ step: Step, _ items: [Item], needed: Set<Int>) {
        let first = items[step.items[0]]
        let domain = first.operands.first?.shape ?? first.type.shape
        let dense = StridedView.denseStrides(domain)
        var loadRegister: [StridedView: Int32] = [:]
        var registerOf: [Int: Int32] = [:]
        var count: Int32 = 0
        func fresh() -> Int32 {
            defer { count += 1 }
            return count
        }
        // Uses of values made in this loop, so that registers of intermediate values are used again.
        var lastUse: [Int: Int] = [:]
        let own = Set(step.items)
        func isOwn(_ view: StridedView) -> Bool {
            own.contains(view.base) && items[view.base].isElementwise && items[view.base].isRead(directlyBy: view)
        }
        // Reductions read their registers when all instructions have run.
        var reduced: Set<Int> = []
        for id in step.items {
            for view in items[id].operands where isOwn(view) {
                lastUse[view.base] = id
                if case .reduction = items[id].work { reduced.insert(view.base) }
            }
        }
        var loads: [Access] = [], stores: [Access] = [], reductions: [Access] = []
        var code: [ls_instruction] = [], spare: [Int32] = []
        var loadRegisters: [Int32] = [], storeRegisters: [Int32] = [], reductionRegisters: [Int32] = [],
            kinds: [Int32] = [], counts: [Int64] = []
        for id in step.items {
            let item = items[id]
            var sources: [Int32] = []
            for view in item.operands {
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
                for base in Set(item.operands.filter(isOwn).map(\.base))
                where lastUse[base] == id && !needed.contains(base) && !reduced.contains(base) {
                    spare.append(registerOf[base]!)
                }
            }
            switch item.work {
            case .elementwise(let primitive):
                let stored = needed.contains(id)
                if !stored { release() }
                let register = stored ? fresh() : spare.popLast() ?? fresh()
                if stored { release() }
                registerOf[id] = register
                if lastUse[id] == nil, !stored { spare.append(register) }
                func source(_ i: Int) -> Int32 { sources.indices.contains(i) ? sources[i] : sources[0] }
                code.append(
                    ls_instruction(
                        op: Int32(primitive.opcode.rawValue), dst: register, a: source(0), b: source(1), c: source(2),
                        immediate: primitive.immediate))
                if stored {
                    stores.append(Access(item: id, offset: 0, strides: dense))
                    storeRegisters.append(register)
                }
            case .reduction(let reduction):
                var strides = StridedView.denseStrides(item.type.shape)
                for axis in reduction.axes { strides[axis] = 0 }
                reductions.append(Access(item: id, offset: 0, strides: strides))
                reductionRegisters.append(sources[0])
                kinds.append(Int32(reduction.kind == .sum ? LS_SUM.rawValue : LS_MAX.rawValue))
                counts.append(Int64(item.type.count))
            default: preconditionFailure("a fused loop of kernels")
            }
        }
        accesses = loads + stores + reductions
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

        loop.dims = Int32(extents.count)
        withUnsafeMutableBytes(of: &loop.extent) { raw in
            let to = raw.bindMemory(to: Int64.self)
            for (j, extent) in extents.enumerated() { to[j] = Int64(extent) }
        }
        loop.registers = count
        loop.loads = Int32(loads.count)
        loop.load = UnsafePointer(operands)
        loop.load_register = UnsafePointer(registers)
        loop.instructions = Int32(code.count)
        loop.instruction = UnsafePointer(instructions)
        loop.stores = Int32(stores.count)
        loop.store = UnsafePointer(operands + loads.count)
        loop.store_register = UnsafePointer(registers + loads.count)
        loop.reductions = Int32(reductions.count)
        loop.reduction = UnsafePointer(operands + loads.count + stores.count)
        loop.reduction_register = UnsafePointer(registers + loads.count + stores.count)
        loop.reduction_kind = UnsafePointer(registers + loads.count + stores.count + reductions.count)
        loop.reduction_size = UnsafePointer(sizes)
        loop.kept_prefix = Int32(
            extents.indices.first { i in strides[(loads.count + stores.count)...].contains { $0[i] == 0 } }
                ?? extents.count)
    }

    deinit {
        operands.deallocate()
        instructions.deallocate()
        registers.deallocate()
        sizes.deallocate()
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

    func workspaceBytes(_ kernels: Kernels) -> Int { Int(kernels.table.fused_workspace(&loop)) }

    func run(_ kernels: Kernels, workspace: UnsafeMutableRawPointer, address: (Int) -> UnsafeMutableRawPointer) {
        let size = kernels.precision.size
        for (i, access) in accesses.enumerated() { operands[i].base = address(access.item) + access.offset * size }
        kernels.table.fused(&loop, workspace)
    }
}
