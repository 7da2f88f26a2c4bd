/// Numbers that are taken in the order of their keys, each in logarithmic time: a binary heap.
struct SmallestFirst {
    private var entries: [(key: Int, number: Int)] = []

    /// The smallest key.
    var firstKey: Int? { entries.first?.key }

    mutating func insert(_ number: Int, key: Int) {
        entries.append((key, number))
        var place = entries.count - 1
        while place > 0, entries[place].key < entries[(place - 1) / 2].key {
            entries.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    /// The number with the smallest key.
    mutating func removeFirst() -> Int? {
        guard let first = entries.first else { return nil }
        let last = entries.removeLast()
        guard !entries.isEmpty else { return first.number }
        entries[0] = last
        var place = 0
        while true {
            let children = [2 * place + 1, 2 * place + 2].filter { $0 < entries.count }
            guard let least = children.min(by: { entries[$0].key < entries[$1].key }),
                entries[least].key < entries[place].key
            else { return first.number }
            entries.swapAt(place, least)
            place = least
        }
    }

    /// All numbers, in any order; none is left.
    mutating func removeAll() -> [Int] {
        defer { entries = [] }
        return entries.map(\.number)
    }
}
