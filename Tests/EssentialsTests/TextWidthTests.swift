import Essentials
import Testing

@Suite struct TextWidthTests {
    /// Wide characters take two columns, marks none.
    @Test func widths() {
        #expect("λmax ‖∇L‖₂".columnsWide == 10 && "日本".columnsWide == 4 && "e\u{301}".columnsWide == 1)
        #expect("日本語".cut(toColumns: 4) == "日…" && "abc".cut(toColumns: 3) == "abc" && "abc".cut(toColumns: 0).isEmpty)
    }

    /// Lines fit the window, lose no word, cut none, and go on farther in; parts that three spaces set apart stay together.
    @Test func folding() {
        let line =
            "  worst case, lower bound   0.00761189   (best of 19 starts; spread 0.00134; ‖ε‖ = 0.05, on the boundary)"
        for columns in 20...120 {
            let lines = line.folded(toColumns: columns)
            #expect(lines.allSatisfy { $0.columnsWide <= columns }, "\(columns)")
            #expect(lines.joined(separator: " ").split(separator: " ") == line.split(separator: " "))
            #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("      ") && !$0.hasPrefix("       ") })
        }
        #expect(line.folded(toColumns: 120) == [line])
        #expect(
            "loss (cross-entropy)  2.17, accuracy 43.97 %    ‖θ‖₂  3.8".folded(toColumns: 52)
                == ["loss (cross-entropy)  2.17, accuracy 43.97 %", "    ‖θ‖₂  3.8"])
        let long = "see https://example.org/a/long/path/that/nobody/should/break"
        #expect(long.folded(toColumns: 20) == ["see", "    " + long.dropFirst(4)])
    }

    /// Columns that do not fit come below, after the first one again; nothing changes where all fit.
    @Test func tables() {
        let table = TextTable([
            .init("ρ", ["0.1", "10"], width: 5), .init("worst", ["1", "2"], width: 8),
            .init("loss", ["3", "44"], width: 8, isRight: true),
            .init("note", ["a b", ""]),
        ])
        let whole = table.lines()
        #expect(
            whole.map(\.text) == ["ρ    worst       loss  note", "0.1  1              3  a b", "10   2             44"])
        #expect(whole.map(\.isHeader) == [true, false, false] && whole == table.lines(width: 40))
        let narrow = table.lines(width: 20)
        #expect(narrow.allSatisfy { $0.text.columnsWide <= 20 })
        #expect(narrow.map(\.isHeader) == [true, false, false, true, false, false])
        #expect(narrow.map { $0.text.prefix(3) } == ["ρ  ", "0.1", "10 ", "ρ  ", "0.1", "10 "])
        #expect(
            Set(narrow.flatMap { $0.text.split(separator: " ") })
                == Set(whole.flatMap { $0.text.split(separator: " ") }))
    }
}
