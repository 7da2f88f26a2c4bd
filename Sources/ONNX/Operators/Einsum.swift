import Autodiff
import Essentials

extension Operators {
    static let einsum: [String: OperatorCall.Implementation] = ["Einsum": { try sumOfProducts($0) }]

    /// Einstein's sums: each operand's dimensions are named by letters; those that the result does not name are summed over. Operands are
    /// joined two at a time by matrix products.
    private static func sumOfProducts(_ call: OperatorCall) throws -> [Operand] {
        let equation = call.text("equation", default: "").filter { !$0.isWhitespace }
        let sides = equation.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let terms = sides[0].split(separator: ",", omittingEmptySubsequences: false)
        guard terms.count == call.operands.count, sides.count == 1 || sides[1].hasPrefix(">") else {
            throw call.failure("found the equation '\(equation.shown)' for \(call.operands.count) operands")
        }
        let values = try terms.indices.map { try call.tensor($0) }
        var rest = 0
        for (term, value) in zip(terms, values) where term.contains("...") {
            rest = max(rest, value.shape.count - (term.count - 3))
        }
        guard 0...6 ~= rest else { throw call.failure("found the equation '\(equation.shown)'") }
        /// Letters of a term; digits stand for what an ellipsis leaves out, aligned at its end.
        func letters(_ term: Substring, rank: Int?) throws -> [Character] {
            let parts = term.replacing("...", with: "*")
            let hidden = rank.map { $0 - (parts.count - 1) } ?? rest
            guard parts.count(where: { $0 == "*" }) <= 1,
                parts.allSatisfy({ $0 == "*" || ($0.isASCII && $0.isLetter) }),
                !parts.contains("*") || 0...rest ~= hidden
            else { throw call.failure("found the term '\(String(term).shown)'") }
            let result = parts.flatMap { $0 == "*" ? ((rest - hidden)..<rest).map { Character("\($0)") } : [$0] }
            guard rank == nil || result.count == rank else {
                throw call.failure(
                    "the term '\(String(term).shown)' is for another number of dimensions than \(rank ?? 0)")
            }
            return result
        }
        var operands = try zip(terms, values).map {
            LetteredValue(letters: try letters($0, rank: $1.shape.count), value: $1)
        }
        var extents: [Character: Int] = [:]
        for operand in operands {
            for (letter, extent) in zip(operand.letters, operand.value.shape) {
                let known = extents[letter] ?? 1
                guard known == 1 || extent == 1 || known == extent else {
                    throw call.failure("'\(letter)' is \(known) in one operand and \(extent) in another")
                }
                extents[letter] = max(known, extent)
            }
        }
        let all = operands.flatMap(\.letters)
        let result: [Character]
        if sides.count == 2 {
            result = try letters(sides[1].dropFirst(), rank: nil)
        } else {
            let once = Set(all).filter { letter in letter.isNumber || all.count(where: { $0 == letter }) == 1 }
            result = once.sorted { ($0.isNumber ? 0 : 1, $0) < ($1.isNumber ? 0 : 1, $1) }
        }
        guard Set(result).count == result.count, result.allSatisfy({ extents[$0] != nil }) else {
            throw call.failure("found the equation '\(equation.shown)'")
        }
        operands = try operands.map { try $0.withoutRepeats(call, extents) }
        var product = operands.removeFirst()
        while !operands.isEmpty {
            let next = operands.removeFirst()
            product = try product.times(next, keeping: Set(result + operands.flatMap(\.letters)), call)
        }
        product = product.summed(keeping: Set(result))
        return [.graph(product.arranged(result))]
    }
}

/// A value whose dimensions have letters.
private struct LetteredValue {
    var letters: [Character]
    var value: Value

    /// The diagonal of dimensions of one letter, and every dimension at its full extent.
    func withoutRepeats(_ call: OperatorCall, _ extents: [Character: Int]) throws -> LetteredValue {
        let shape = letters.map { extents[$0] ?? 1 }
        try call.check(shape)
        var result = LetteredValue(letters: letters, value: value.broadcast(shape))
        while let second = result.letters.indices.first(where: { result.letters[..<$0].contains(result.letters[$0]) }) {
            let first = result.letters.firstIndex(of: result.letters[second])!
            let order = [first, second] + result.letters.indices.filter { $0 != first && $0 != second }
            let moved = result.value.permuted(order), n = moved.shape[0], tail = Array(moved.shape.dropFirst(2))
            result.value = moved.reshaped([n * n] + tail).slice(0, from: 0, count: n, step: n + 1)
            result.letters = [result.letters[first]] + order.dropFirst(2).map { result.letters[$0] }
        }
        return result
    }

    func summed(keeping kept: Set<Character>) -> LetteredValue {
        let axes = letters.indices.filter { !kept.contains(letters[$0]) }
        guard !axes.isEmpty else { return self }
        let left = letters.filter(kept.contains)
        let shape = letters.indices.filter { !axes.contains($0) }.map { value.shape[$0] }
        return LetteredValue(letters: left, value: value.sum(axes).reshaped(shape))
    }

    func arranged(_ order: [Character]) -> Value { value.permuted(order.map { letters.firstIndex(of: $0)! }) }

    /// The product with another, summed over what neither the result nor later operands name.
    func times(_ other: LetteredValue, keeping kept: Set<Character>, _ call: OperatorCall) throws -> LetteredValue {
        let a = summed(keeping: kept.union(other.letters)), b = other.summed(keeping: kept.union(letters))
        let shared = a.letters.filter(b.letters.contains)
        let batch = shared.filter(kept.contains), inner = shared.filter { !kept.contains($0) }
        let rows = a.letters.filter { !b.letters.contains($0) }, columns = b.letters.filter { !a.letters.contains($0) }
        func extents(_ part: [Character], of x: LetteredValue) -> [Int] {
            part.map { x.value.shape[x.letters.firstIndex(of: $0)!] }
        }
        let batchShape = extents(batch, of: a), rowShape = extents(rows, of: a), columnShape = extents(columns, of: b)
        try call.check(batchShape + rowShape + columnShape)
        func size(_ shape: [Int]) -> Int { shape.reduce(1, *) }
        let k = size(extents(inner, of: a)), front = batch.isEmpty ? [] : [size(batchShape)]
        let left = a.arranged(batch + rows + inner).reshaped(front + [size(rowShape), k])
        let right = b.arranged(batch + inner + columns).reshaped(front + [k, size(columnShape)])
        return LetteredValue(
            letters: batch + rows + columns, value: left.product(right).reshaped(batchShape + rowShape + columnShape))
    }
}
