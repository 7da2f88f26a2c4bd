import ArgumentParser

/// Positive numbers separated by commas, such as 0.01,0.05,0.1.
struct NumberList: ExpressibleByArgument, Sendable {
    /// Ascending, each once.
    let values: [Double]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
        guard parts.allSatisfy({ $0 != nil }) else { return nil }
        values = Set(parts.map { $0! }).sorted()
    }

    init(_ values: [Double]) { self.values = values.sorted() }

    var defaultValueDescription: String { values.map { "\($0)" }.joined(separator: ",") }

    /// Refuses what is no list of positive numbers.
    func check(_ option: String, _ what: String) throws {
        guard !values.isEmpty, values.allSatisfy({ $0 > 0 && $0.isFinite }) else {
            throw ValidationError(
                "\(option) \(defaultValueDescription): expected \(what), such as 0.05 or 0.01,0.05,0.1")
        }
    }
}
