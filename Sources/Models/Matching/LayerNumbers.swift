/// The numbers in a name, such as those of layers, and the name without them: `layers.10.conv2` is `layers.#.conv#` with 10 and 2.
struct LayerNumbers: Equatable {
    let stem: String
    let numbers: [Int]

    /// A name that has the sign of the stem itself is taken for one without a stem and numbers.
    init(_ name: String) {
        guard !name.contains("#") else {
            (stem, numbers) = ("", [])
            return
        }
        var stem = "", numbers: [Int] = []
        var rest = name[...]
        while let first = rest.first {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            if digits.isEmpty {
                stem.append(first)
                rest = rest.dropFirst()
            } else {
                // More digits than an `Int` holds are text.
                if let number = Int(digits) {
                    numbers.append(number)
                    stem += "#"
                } else {
                    stem += digits
                }
                rest = rest[digits.endIndex...]
            }
        }
        (self.stem, self.numbers) = (stem, numbers)
    }

    /// In place of each number its rank among the numbers that stand behind the same numbers: [1, 3], [1, 5], [2, 7] become [0, 0],
    /// [0, 1], [1, 0].
    static func ranks(_ names: [[Int]]) -> [[Int]] {
        var children: [[Int]: Set<Int>] = [:]
        for numbers in names {
            for place in numbers.indices { children[Array(numbers[..<place]), default: []].insert(numbers[place]) }
        }
        let order = children.mapValues { numbers in
            Dictionary(uniqueKeysWithValues: numbers.sorted().enumerated().map { ($1, $0) })
        }
        return names.map { numbers in
            numbers.indices.map { order[Array(numbers[..<$0])]?[numbers[$0]] ?? 0 }
        }
    }

    /// The places of names in the order of the one number in which they differ; nil where their stems differ, they differ in several
    /// numbers, or two are equal.
    static func order(_ names: [String]) -> [Int]? {
        let parsed = names.map { LayerNumbers($0) }
        guard let first = parsed.first, parsed.allSatisfy({ $0.stem == first.stem }) else { return nil }
        let varying = first.numbers.indices.filter { place in
            parsed.contains { $0.numbers[place] != first.numbers[place] }
        }
        guard varying.count == 1, Set(parsed.map { $0.numbers[varying[0]] }).count == names.count else { return nil }
        return names.indices.sorted { parsed[$0].numbers[varying[0]] < parsed[$1].numbers[varying[0]] }
    }
}
