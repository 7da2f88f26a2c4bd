import ArrayFiles
import Essentials
import Plotting
import TOMLKit

extension FigureStyle {
    /// Sets what a style file says: TOML with the names of `settings`, so that the figures of a paper agree.
    ///
    /// ```toml
    /// width = "3.25in"
    /// font-size = 8
    /// colors = "cividis"
    /// ```
    ///
    /// - Throws: `FileError` where the file cannot be read or is no TOML; `FigureStyleError` where a setting is not known.
    public mutating func read(_ path: String) throws {
        let text = String(decoding: try FileContent.bytes(of: path, limit: 1 << 20), as: UTF8.self)
        let table: TOMLTable
        do {
            table = try TOMLTable(string: text)
        } catch {
            let reason = "\(error)".split(whereSeparator: \.isNewline).joined(separator: " ")
            throw FileError.malformed(path: path, problem: FigureStyleError.notTOML(reason: reason))
        }
        // Pixels depend on their number an inch.
        for name in table.keys.sorted(by: { ($0 != "dpi" ? 1 : 0, $0) < ($1 != "dpi" ? 1 : 0, $1) }) {
            guard let value = table[name] else { continue }
            let words =
                value.string
                ?? value.array.map {
                    $0.compactMap { $0.double.map { "\($0)" } ?? $0.int.map { "\($0)" } }.joined(separator: ",")
                }
                ?? value.bool.map { "\($0)" } ?? value.int.map { "\($0)" } ?? value.double.map { "\($0)" }
            guard let words else {
                throw FigureStyleError.invalid(
                    name: "\(path): \(name)", value: "= a table",
                    expected: "text, a number, a list of numbers, true or false")
            }
            do { try set(name, to: words) } catch { throw error.inside(path) }
        }
    }
}
