extension StringProtocol {
    /// How many characters must be inserted, removed, replaced, or swapped with their neighbour to make one text of another: the
    /// restricted distance of Damerau and Levenshtein ("optimal string alignment").
    public func editDistance(to other: some StringProtocol) -> Int {
        let (a, b) = (Array(self), Array(other))
        var rows = [[Int]](repeating: [], count: 3)
        rows[2] = Array(0...b.count)
        for i in a.indices {
            rows = [rows[1], rows[2], [i + 1]]
            for j in b.indices {
                var least = Swift.min(rows[1][j + 1] + 1, rows[2][j] + 1, rows[1][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = Swift.min(least, rows[0][j - 1] + 1) }
                rows[2].append(least)
            }
        }
        return rows[2][b.count]
    }
}

extension Sequence<String> {
    /// The names that may have been meant by a misspelt one, at most three, nearest first.
    ///
    /// A name is near if `editDistance` is at most a third of the longer one's length (one for short names), letters' case aside. Longer
    /// names are not looked at beyond 100 characters.
    public func nearest(to name: String) -> [String] {
        let wanted = name.lowercased()
        guard !wanted.isEmpty, wanted.count <= 100 else { return [] }
        let near = enumerated().compactMap { order, candidate -> (distance: Int, order: Int, name: String)? in
            let length = Swift.max(candidate.count, wanted.count)
            guard candidate != name, length <= 100 else { return nil }
            let most = length < 3 ? 0 : Swift.max(1, length / 3)
            guard abs(candidate.count - wanted.count) <= most else { return nil }
            let distance = candidate.lowercased().editDistance(to: wanted)
            return distance <= most ? (distance, order, candidate) : nil
        }
        let sorted = near.sorted { ($0.distance, $0.order) < ($1.distance, $1.order) }
        // Others are not worth naming beside one that is much nearer.
        return sorted.prefix(3).filter { $0.distance <= sorted[0].distance + 1 }.map(\.name)
    }

    /// A question to end a message with, such as `; did you mean 'slice'?`; nothing where no name is near.
    public func suggestion(for name: String) -> String { nearest(to: name).suggestion }
}

extension StringProtocol {
    /// The names in a list of forms, such as `mnist`, `resnet20` and `resnet32` in `mnist:DIR, resnet20|32[:B]`.
    private var namesOfForms: [String] {
        var names: [String] = []
        for form in self.split(separator: ", ") {
            var stem = ""
            for part in form.prefix(while: { $0.isLetter || $0.isNumber || "-|".contains($0) }).split(separator: "|") {
                if stem.isEmpty { stem = String(part.prefix { !$0.isNumber }) }
                let name = part.first?.isNumber == true ? stem + part : String(part)
                if !names.contains(name) { names.append(name) }
            }
        }
        return names
    }

    /// A question to end a message with about a text such as `mnsit:DIR`, from forms such as `digits, mnist:DIR, resnet20|32[:B]`: what
    /// stands behind the colon stays.
    public func suggestion(from forms: String) -> String {
        let name = prefix { $0 != ":" }
        return forms.namesOfForms.nearest(to: String(name)).map { $0 + self[name.endIndex...] }.suggestion
    }
}

extension [String] {
    /// `; did you mean 'a', 'b' or 'c'?`; nothing for no names.
    fileprivate var suggestion: String {
        guard let last else { return "" }
        let names = dropLast().map { "'\($0.printable)'" }.joined(separator: ", ")
        return "; did you mean \(names.isEmpty ? "" : names + " or ")'\(last.printable)'?"
    }
}

extension FilePath {
    /// A question to end a message about a missing file with: the nearest names in its folder.
    ///
    /// - Parameter otherwise: the answer where there are none.
    public static func suggestion(for path: String, otherwise: String = "") -> String {
        let folder = folder(of: path)
        let name = String(path.split(separator: "/").last ?? "")
        // A folder of very many files is no place to search for an error message.
        guard let names = try? names(in: folder), names.count <= 10_000 else { return otherwise }
        let prefix = folder.isEmpty ? "" : folder == "/" ? "/" : folder + "/"
        let near = names.sorted().nearest(to: name)
        return near.isEmpty ? otherwise : near.map { prefix + $0 }.suggestion
    }
}
