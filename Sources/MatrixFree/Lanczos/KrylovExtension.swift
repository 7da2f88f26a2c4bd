import Tensors

/// A Krylov basis Q with a few orthonormal vectors xⱼ from its complement, each a Ritz vector of H there.
///
/// They are coupled to Q through the vector q after the basis alone, Qᵀ H xⱼ = β(qᵀxⱼ)eₘ, so that the projection onto
/// both is T with one more row and column for each xⱼ.
struct KrylovExtension {
    private(set) var vectors: [[Double]] = []
    private var values: [Double] = []
    private var residuals: [Double] = []
    private var couplings: [Double] = []
    private var eigenvectors: [[Double]] = []

    /// Adds a vector, its Ritz value and its residual in the complement; gives all Ritz values, ascending, and bounds
    /// of their residuals.
    mutating func add(
        _ x: [Double], value: Double, residual: Double, to process: LanczosProcess
    ) throws(MatrixFreeError) -> (values: [Double], residuals: [Double]) {
        vectors.append(x)
        values.append(value)
        residuals.append(residual)
        couplings.append(process.coupling * (process.next.map { Vectors.dot($0, x) } ?? 0))

        let m = process.count
        let size = m + vectors.count
        var elements = [Double](repeating: 0, count: size * size)
        func set(_ i: Int, _ j: Int, _ element: Double) {
            elements[i + j * size] = element
            elements[j + i * size] = element
        }
        for i in 0..<m { set(i, i, process.projection.diagonal[i]) }
        for i in 0..<(m - 1) { set(i, i + 1, process.projection.offDiagonal[i]) }
        for j in vectors.indices {
            set(m + j, m + j, values[j])
            set(m - 1, m + j, couplings[j])
        }
        let (all, y) = try SymmetricMatrix(dimension: size, elements: elements).eigendecomposition()
        eigenvectors = y
        let bounds = y.map { y in
            vectors.indices.reduce(abs(process.coupling * y[m - 1]) + process.dropped) {
                $0 + abs(y[m + $1]) * residuals[$1]
            }
        }
        return (all, bounds)
    }

    func ritzVector(_ index: Int, _ process: LanczosProcess) -> [Double] {
        let y = eigenvectors[index]
        var x = process.basis.combination(Array(y[0..<process.count]))
        for (weight, vector) in zip(y[process.count...], vectors) { Vectors.add(weight, vector, to: &x) }
        return x
    }
}

extension LanczosRun {
    /// Looks for eigenvectors that one Krylov space cannot contain, the further copies of repeated eigenvalues: by
    /// Lanczos again, from a random vector, on the orthogonal complement of the basis. A copy found there that is more
    /// extreme than the last value wanted joins the space, and the search is repeated outside it.
    mutating func searchOutside(_ progress: (LanczosProgress) -> Bool) throws {
        let n = process.basis.dimension
        let room = criterion.largest + criterion.smallest
        isSearchOpen = !process.spansSpace
        guard isSearchOpen, criterion.status(of: state, spansSpace: false).done else { return }
        let copies = KrylovBasis(dimension: n, capacity: min(n, 2 * room))
        let complement = DeflatedOperator(DeflatedOperator(counter.matrix, removing: process.basis), removing: copies)
        func project(_ x: [Double]) -> [Double] { complement.project(complement.base.project(x)) }
        while process.count + copies.count < n && counter.products < settings.maximumProducts {
            var inner = settings
            // Numbers of its own: those of the run itself lie in its basis.
            inner.seed = RandomNumbers(seed: settings.seed).named("outside \(copies.count)").bits(at: 0)
            // What is found joins the others: the bound of a value's residual there is the sum of several.
            inner.tolerance = settings.tolerance / 2
            inner.largest = min(1, criterion.largest)
            inner.smallest = min(1, criterion.smallest)
            inner.maximumProducts = settings.maximumProducts - counter.products
            var search = try LanczosRun<DeflatedOperator<DeflatedOperator<Operator>>>(
                complement, inner,
                subspace: Subspace(dimension: n - process.count - copies.count, project: project))
            let made = counter.products
            let top = criterion.largestPositions(in: state).last.map { state.values[$0].value } ?? .infinity
            let bottom = criterion.smallestPositions(in: state).last.map { state.values[$0].value } ?? -.infinity
            var isHarmless = false
            var isCancelled = false
            try search.iterate { now in
                // Values that are clearly less extreme than those there need not be known better.
                let rough = now.worstRelativeResidual
                isHarmless =
                    rough <= 0.05 && now.largest + 2 * rough * abs(now.largest) < top
                    && now.smallest - 2 * rough * abs(now.smallest) > bottom
                isCancelled = !progress(
                    LanczosProgress(
                        products: made + now.products, restarts: restarts, converged: room, wanted: room,
                        largest: state.values.last?.value ?? 0, smallest: state.values.first?.value ?? 0,
                        worstRelativeResidual: rough))
                return !isHarmless && !isCancelled
            }
            counter.add(search.counter.products)
            let found = try search.result(eigenvectors: true, verify: false)
            if isCancelled || (!isHarmless && !found.converged) { return }
            let margin = max(settings.tolerance * state.spread * settings.relativeFloor, 64 * 0x1p-52 * state.norm)
            var added = false
            for (pair, x) in zip(found.largest + found.smallest, found.largestVectors + found.smallestVectors)
            where pair.value > top + margin || pair.value < bottom - margin {
                guard copies.count < copies.capacity, copies.appendOrthonormalized(project(x)) else { continue }
                var space = extended ?? KrylovExtension()
                let (values, residuals) = try space.add(
                    copies.vector(copies.count - 1), value: pair.value, residual: pair.residual, to: process)
                state.replace(values: values, residuals: residuals)
                extended = space
                added = true
            }
            if !added {
                isSearchOpen = false
                return
            }
        }
        isSearchOpen = process.count + copies.count < n
    }
}
