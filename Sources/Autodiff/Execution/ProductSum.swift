import CKernels

/// A sum of matrix products op(A₁) op(B₁) + op(A₂) op(B₂) + …, each added in place, so that no term takes memory of its
/// own. Lowering makes one of every sum of products; derivatives are full of them.
struct ProductSum: KernelPrimitive {
    struct Term: Hashable {
        let transposesA: Bool, transposesB: Bool
        /// How each factor lies in its item's memory; `nil` where it is dense.
        var a: Layout?, b: Layout?
        /// The extents of B where it is given as `PackedMatrix` leaves it.
        var packed: PackedMatrix?
    }

    /// Matrices in an item's memory: strides of the first leading dimension, of the other leading dimensions as one, of
    /// rows and of columns. Rows or columns lie side by side. So the heads of an attention are read in place.
    struct Layout: Hashable {
        let shape: [Int]
        let offset: Int, outer: Int, inner: Int, row: Int, column: Int

        /// `nil` where no product can read the view.
        init?(_ view: StridedView) {
            let rank = view.shape.count
            guard rank >= 2 else { return nil }
            // The stride of an extent of 1 does not matter.
            var strides = zip(view.shape, view.strides).map { $0 == 1 ? 0 : $1 }
            if strides[rank - 1] != 1, strides[rank - 2] != 1 {
                if view.shape[rank - 1] == 1 {
                    strides[rank - 1] = 1
                } else if view.shape[rank - 2] == 1 {
                    strides[rank - 2] = 1
                }
            }
            guard strides[rank - 1] == 1 || strides[rank - 2] == 1 else { return nil }
            var inner = 0, extent = 1
            for i in (1..<max(1, rank - 2)).reversed() where view.shape[i] > 1 {
                if extent == 1 { inner = strides[i] }
                guard strides[i] == inner * extent else { return nil }
                extent *= view.shape[i]
            }
            (shape, offset, self.inner) = (view.shape, view.offset, inner)
            outer = rank > 2 ? strides[0] : 0
            (row, column) = (strides[rank - 2], strides[rank - 1])
        }
    }
    var terms: [Term]
    /// How the result lies in memory, with its columns side by side; `nil` where it is dense.
    var result: Layout?
    var epilogue = Epilogue()
    /// Whether the epilogue's addend, and nothing else, is a sum to which this is added in its place.
    var accumulates = false
    var overwritten: Int? { accumulates ? 2 * terms.count : nil }
    var name: String { "sum of matrix products" }

    init(_ products: [MatrixProduct]) {
        terms = products.map { Term(transposesA: $0.transposesA, transposesB: $0.transposesB) }
    }

    func type(of operands: [TensorType]) -> TensorType {
        let q = product(0, operands[0].shape, operands[1].shape)
        return TensorType((terms[0].a?.shape ?? operands[0].shape).dropLast(2) + [Int(q.m), Int(q.n)])
    }

    func linearize(_ operands: [Value], _ result: Value, _ tangents: [Value?]) -> Value? {
        preconditionFailure("\(name) is only evaluated")
    }

    /// Term number `i`, of operands of shapes a and b.
    func product(_ i: Int, _ a: [Int], _ b: [Int]) -> ls_product {
        let term = terms[i]
        let shapeA = term.a?.shape ?? a, rank = shapeA.count
        var q = ls_product()
        let (rows, columns) = (Int64(shapeA[rank - 2]), Int64(shapeA[rank - 1]))
        (q.m, q.k) = term.transposesA ? (columns, rows) : (rows, columns)
        q.inner = 1
        var outer: Int64 = 1
        if rank > 2 {
            outer = Int64(shapeA[0])
            for extent in shapeA[1..<(rank - 2)] { q.inner *= Int64(extent) }
        }
        q.batches = outer * q.inner
        (q.a_row, q.a_column) = (Int64(term.a?.row ?? shapeA[rank - 1]), Int64(term.a?.column ?? 1))
        (q.a_outer, q.a_inner) =
            term.a.map { (Int64($0.outer), Int64($0.inner)) } ?? (q.inner * rows * columns, rows * columns)
        if term.transposesA { swap(&q.a_row, &q.a_column) }
        if let packed = term.packed {
            (q.n, q.b_is_packed) = (Int64(packed.columns), 1)
        } else {
            let shape = term.b?.shape ?? b
            let (rows, columns) = (Int64(shape[rank - 2]), Int64(shape[rank - 1]))
            q.n = term.transposesB ? rows : columns
            (q.b_row, q.b_column) = (Int64(term.b?.row ?? shape[rank - 1]), Int64(term.b?.column ?? 1))
            (q.b_outer, q.b_inner) =
                term.b.map { (Int64($0.outer), Int64($0.inner)) } ?? (q.inner * rows * columns, rows * columns)
            if term.transposesB { swap(&q.b_row, &q.b_column) }
        }
        q.c_row = Int64(result?.row ?? Int(q.n))
        (q.c_outer, q.c_inner) = result.map { (Int64($0.outer), Int64($0.inner)) } ?? (q.inner * q.m * q.n, q.m * q.n)
        return q
    }

    func operations(_ operands: [TensorType]) -> Int {
        terms.indices.reduce(0) { $0 + product($1, operands[2 * $1].shape, operands[2 * $1 + 1].shape).operations }
    }

    func workspaceBytes(_ operands: [TensorType], _ kernels: Kernels) -> Int {
        terms.indices.reduce(0) { most, i in
            var q = product(i, operands[2 * i].shape, operands[2 * i + 1].shape)
            return max(most, Int(kernels.table.product_workspace(&q)))
        }
    }

    func evaluate(_ call: KernelCall) {
        var end = epilogue.kernel(call.operands)
        let isInPlace = accumulates && end.addend == UnsafeRawPointer(call.result)
        if isInPlace { end.addend = nil }
        for first in stride(from: 0, to: terms.count, by: Int(LS_TERMS)) {
            let count = min(Int(LS_TERMS), terms.count - first)
            // They are few enough for the stack.
            withUnsafeTemporaryAllocation(of: ls_factors.self, capacity: count) { some in
                for i in 0..<count { some[i] = factors(first + i, call) }
                some[0].product.accumulate = first > 0 || isInPlace ? 1 : 0
                if first + count == terms.count { some[count - 1].product.end = end }
                call.kernels.table.products(some.baseAddress, Int32(count), call.result, call.workspace)
            }
        }
    }

    /// Term number `i` and where its factors lie.
    func factors(_ i: Int, _ call: KernelCall) -> ls_factors {
        let size = call.kernels.precision.size
        return ls_factors(
            product: product(i, call.operandTypes[2 * i].shape, call.operandTypes[2 * i + 1].shape),
            a: call.operands[2 * i] + (terms[i].a?.offset ?? 0) * size,
            b: call.operands[2 * i + 1] + (terms[i].b?.offset ?? 0) * size)
    }
}

extension ls_product {
    /// Multiplications and additions.
    var operations: Int { Int(2 * batches * m * n * k) }
}

/// op(B), k × n, in the order in which products read it. Lowering packs a matrix that is the same for all batches once
/// for all of them.
struct PackedMatrix: KernelPrimitive {
    let transposes: Bool
    /// k and n.
    let rows: Int, columns: Int
    var name: String { "packed matrix" }

    init(_ shape: [Int], transposes: Bool) {
        precondition(shape.count == 2, "packing of a matrix of shape \(shape)")
        self.transposes = transposes
        (rows, columns) = transposes ? (shape[1], shape[0]) : (shape[0], shape[1])
    }

    func type(of operands: [TensorType]) -> TensorType { TensorType([rows * ((columns + 15) / 16 * 16)]) }

    func linearize(_ operands: [Value], _ result: Value, _ tangents: [Value?]) -> Value? {
        preconditionFailure("\(name) is only evaluated")
    }

    func evaluate(_ call: KernelCall) {
        let (row, column) = transposes ? (1, rows) : (columns, 1)
        call.kernels.table.pack(
            Int64(rows), Int64(columns), Int64(row), Int64(column), call.operands[0], call.result)
    }
}
