/// Which number in the names of a training's checkpoints is the step.
public enum StepNumbers {
    /// The step in each name; nil for a name that is not built as most are, and for all where no number tells the order.
    ///
    /// Names are compared without their folders and endings. Of several numbers that differ from name to name, the one behind `step` is
    /// taken, else the one behind `iter` or `epoch`, else the last if all of them give the same order.
    public static func steps(of paths: [String]) -> [Int?] {
        let names = paths.map { LayerNumbers(base($0)) }
        let stems = Dictionary(grouping: names.indices.filter { !names[$0].numbers.isEmpty }) { names[$0].stem }
        let none = [Int?](repeating: nil, count: paths.count)
        guard
            let (stem, members) = stems.max(by: { ($0.value.count, $1.key) < ($1.value.count, $0.key) }),
            let place = place(members.map { names[$0].numbers }, stem)
        else { return none }
        return names.indices.map { members.contains($0) ? names[$0].numbers[place] : nil }
    }

    /// The step in each name that `pattern` describes, in which `N` stands for the step and `*` for anything: `epoch=N-*`.
    ///
    /// - Returns: nil for a name that the pattern does not fit.
    public static func step(in path: String, pattern: String) -> Int? {
        func match(_ name: Substring, _ pattern: Substring) -> Int?? {
            guard let first = pattern.first else { return name.isEmpty ? .some(nil) : .none }
            switch first {
            case "N":
                let digits = name.prefix { $0.isASCII && $0.isNumber }
                guard let number = Int(digits), case .some = match(name[digits.endIndex...], pattern.dropFirst()) else {
                    return .none
                }
                return .some(number)
            case "*":
                var rest = name
                while true {
                    if let found = match(rest, pattern.dropFirst()) { return found }
                    if rest.isEmpty { return .none }
                    rest = rest.dropFirst()
                }
            default:
                return name.first == first ? match(name.dropFirst(), pattern.dropFirst()) : .none
            }
        }
        return match(base(path)[...], pattern[...]) ?? nil
    }

    /// A file's name without its folder and ending.
    static func base(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex,
            name[dot...].dropFirst().contains(where: { !$0.isNumber })
        else { return name }
        return String(name[..<dot])
    }

    /// Which of the numbers is the step.
    private static func place(_ numbers: [[Int]], _ stem: String) -> Int? {
        let varying = numbers[0].indices.filter { place in
            Set(numbers.map { $0[place] }).count == numbers.count && numbers.count > 1
        }
        guard varying.count > 1 else { return varying.first }
        let words = stem.split(separator: "#", omittingEmptySubsequences: false).map { $0.lowercased() }
        for word in ["step", "iter", "epoch"] {
            let named = varying.filter { place in
                words[place].reversed().drop { !$0.isLetter }.starts(with: word.reversed())
            }
            if named.count == 1 { return named[0] }
        }
        let orders = Set(varying.map { place in numbers.indices.sorted { numbers[$0][place] < numbers[$1][place] } })
        return orders.count == 1 ? varying.last : nil
    }
}
