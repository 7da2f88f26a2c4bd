/// What an axis of a tensor counts, as far as its order is anybody's business.
public indirect enum AxisForm: Sendable, Hashable {
    /// So many places whose order is fixed: inputs, outputs, positions, kernels.
    case fixed(Int)
    /// The units of a hidden dimension, by its number, and how many they are. Their order is free: a permutation of all axes that count the same
    /// dimension leaves the outputs as they are.
    case hidden(Int, Int)
    /// One after the other.
    case sum([AxisForm])
    /// All combinations, the last counting fastest.
    case product([AxisForm])

    /// Places along the axis.
    public var size: Int {
        switch self {
        case .fixed(let size), .hidden(_, let size): size
        case .sum(let parts): parts.reduce(0) { $0 + $1.size }
        case .product(let parts): parts.reduce(1) { $0 * $1.size }
        }
    }

    /// The hidden dimensions in it, in order, repeated ones repeatedly.
    public var dimensions: [Int] {
        switch self {
        case .fixed: []
        case .hidden(let number, _): [number]
        case .sum(let parts), .product(let parts): parts.flatMap(\.dimensions)
        }
    }

    /// The same with other numbers for the dimensions; those without a number are fixed.
    func keeping(_ kept: (Int) -> Int?) -> AxisForm {
        switch self {
        case .fixed: self
        case .hidden(let number, let size): kept(number).map { .hidden($0, size) } ?? .fixed(size)
        case .sum(let parts): .sum(parts.map { $0.keeping(kept) })
        case .product(let parts): .product(parts.map { $0.keeping(kept) })
        }
    }
}

/// Finds which axes count the same, by unification: each operation says which axes of its operands and its result are one.
///
/// An axis is a leaf, a sum of parts one after the other, or a product. A leaf that meets a sum or a product of its size becomes that; where two
/// forms do not agree, both are fixed, so that what is left is true.
final class AxisForms {
    private enum Form {
        case leaf
        case sum([Int])
        case product([Int])
        case same(Int)
    }
    private var forms: [(size: Int, form: Form, isFixed: Bool)] = []

    func leaf(_ size: Int, isFixed: Bool = false) -> Int {
        forms.append((size, .leaf, isFixed || size == 1))
        return forms.count - 1
    }

    /// One after the other; parts of size 0 are left out.
    func sum(_ parts: [Int]) -> Int {
        let parts = parts.filter { forms[$0].size > 0 }
        guard parts.count != 1 else { return parts[0] }
        forms.append((parts.reduce(0) { $0 + forms[$1].size }, .sum(parts), false))
        return forms.count - 1
    }

    /// All combinations; factors of size 1 are left out.
    func product(_ factors: [Int]) -> Int {
        let factors = factors.filter { forms[$0].size != 1 }
        guard let first = factors.first else { return leaf(1) }
        guard factors.count > 1 else { return first }
        forms.append((factors.reduce(1) { $0 * forms[$1].size }, .product(factors), false))
        return forms.count - 1
    }

    func size(_ axis: Int) -> Int { forms[axis].size }

    private func find(_ axis: Int) -> Int {
        var axis = axis
        while case .same(let other) = forms[axis].form { axis = other }
        return axis
    }

    /// Fixes the order of all that an axis counts.
    func fix(_ axis: Int) {
        let axis = find(axis)
        switch forms[axis].form {
        case .leaf: forms[axis].isFixed = true
        case .sum(let parts), .product(let parts): for part in parts { fix(part) }
        case .same: break
        }
    }

    /// The parts of a sum, or the factors of a product, with those of parts that are such themselves in their place.
    private func parts(_ axis: Int, isSum: Bool) -> [Int] {
        let axis = find(axis)
        switch (forms[axis].form, isSum) {
        case (.sum(let parts), true), (.product(let parts), false):
            return parts.flatMap { self.parts($0, isSum: isSum) }
        default: return forms[axis].size == 1 && !isSum ? [] : [axis]
        }
    }

    /// Says that two axes count the same.
    func unify(_ first: Int, _ second: Int) {
        let a = find(first), b = find(second)
        guard a != b else { return }
        guard forms[a].size == forms[b].size else { return fix(both: a, b) }
        switch (forms[a].form, forms[b].form) {
        case (.leaf, _): bind(a, to: b)
        case (_, .leaf): bind(b, to: a)
        case (.sum, .sum):
            if align(parts(a, isSum: true), parts(b, isSum: true), isSum: true) { join(a, b) } else { fix(both: a, b) }
        case (.product, .product):
            if align(parts(a, isSum: false), parts(b, isSum: false), isSum: false) {
                join(a, b)
            } else {
                fix(both: a, b)
            }
        case (.sum, .product): unify(sum: a, product: b)
        case (.product, .sum): unify(sum: b, product: a)
        case (.same, _), (_, .same): break
        }
    }

    private func fix(both a: Int, _ b: Int) {
        fix(a)
        fix(b)
    }

    private func join(_ a: Int, _ b: Int) {
        let a = find(a), b = find(b)
        if a != b { forms[a].form = .same(b) }
    }

    private func bind(_ leaf: Int, to other: Int) {
        if forms[leaf].isFixed { fix(other) }
        join(leaf, other)
    }

    /// Two lists of parts, or of factors, that make up the same: longer ones are split where the other has an end.
    private func align(_ first: [Int], _ second: [Int], isSum: Bool) -> Bool {
        var a = Array(first.reversed()), b = Array(second.reversed())
        while let x = a.last, let y = b.last {
            let (p, q) = (forms[find(x)].size, forms[find(y)].size)
            if p == q {
                a.removeLast()
                b.removeLast()
                unify(x, y)
            } else if p < q {
                guard let (head, tail) = split(y, at: p, isSum: isSum) else { return false }
                b.removeLast()
                b += [tail, head]
            } else {
                guard let (head, tail) = split(x, at: q, isSum: isSum) else { return false }
                a.removeLast()
                a += [tail, head]
            }
        }
        return a.isEmpty && b.isEmpty
    }

    /// A leaf as two parts, or two factors, the first of a size.
    private func split(_ axis: Int, at size: Int, isSum: Bool) -> (Int, Int)? {
        let axis = find(axis), (whole, form, isFixed) = forms[axis]
        guard case .leaf = form, isSum || whole % size == 0 else { return nil }
        let head = leaf(size, isFixed: isFixed), tail = leaf(isSum ? whole - size : whole / size, isFixed: isFixed)
        forms[axis].form = .same(isSum ? sum([head, tail]) : product([head, tail]))
        return (head, tail)
    }

    /// Parts of equal size, as many as the first factor: each part is the rest of the product.
    private func unify(sum: Int, product: Int) {
        let parts = parts(sum, isSum: true), factors = parts.isEmpty ? [] : self.parts(product, isSum: false)
        guard let first = factors.first, forms[find(first)].size == parts.count,
            parts.allSatisfy({ forms[find($0)].size * parts.count == forms[sum].size })
        else { return fix(both: sum, product) }
        fix(first)
        let rest = self.product(Array(factors.dropFirst()))
        for part in parts { unify(part, rest) }
    }

    /// An axis as others see it, leaves by the number that `number` gives to a free one.
    func form(_ axis: Int, _ number: (Int) -> Int) -> AxisForm {
        let axis = find(axis)
        switch forms[axis].form {
        case .sum: return .sum(parts(axis, isSum: true).map { form($0, number) })
        case .product: return .product(parts(axis, isSum: false).map { form($0, number) })
        case .leaf, .same:
            return forms[axis].isFixed ? .fixed(forms[axis].size) : .hidden(number(axis), forms[axis].size)
        }
    }
}
