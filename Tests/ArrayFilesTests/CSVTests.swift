import Testing

@testable import ArrayFiles

@Suite struct CSVTests {
    private func table(_ text: String) throws(CSVError) -> CSV { try CSV(Array(text.utf8)) }

    @Test func readsWithAndWithoutHeader() throws {
        let plain = try table("1,2,0\n3.5,-4e1,1\n")
        #expect(plain.header == nil && plain.rows == 2 && plain.columns == 3)
        #expect(plain.values == [1, 2, 0, 3.5, -40, 1])
        let named = try table("\u{FEFF}\"width\", height ,label\r\n 1 ,2,0\r\n\r\n3,\"4\",1")
        #expect(named.header == ["width", "height", "label"])
        #expect(named.values == [1, 2, 0, 3, 4, 1])
        #expect(try table("1;2\n3;4").values == [1, 2, 3, 4])
        #expect(try table("1\t2\n3\t4").values == [1, 2, 3, 4])
        #expect(try table("nan,inf").values[1] == .infinity)
    }

    @Test func namesEveryKindOfDamage() {
        #expect(throws: CSVError.noRows) { try table("") }
        #expect(throws: CSVError.noRows) { try table("a,b\n") }
        #expect(throws: CSVError.raggedRow(line: 3, found: 1, expected: 2)) { try table("1,2\n\n3\n") }
        #expect(throws: CSVError.notANumber(line: 2, column: 2, text: "", isFirst: false)) { try table("1,2\n3,\n4,5") }
        #expect(throws: CSVError.notANumber(line: 2, column: 1, text: "setosa", isFirst: false)) {
            try table("1,2\nsetosa,1")
        }
        #expect(throws: CSVError.notANumber(line: 2, column: 1, text: "1.5x", isFirst: false)) {
            try table("1,2\n1.5x,1")
        }
    }

    /// The first line holds names where none of its cells is a number, or few are and the others are words.
    @Test(arguments: [
        "a,b,label", ",a,b", "id,x1,2020,x3,label", "\"petal width\",x,y", "größe,x,y", "x1,x2,7",
    ])
    func namesOfColumns(_ line: String) throws {
        let columns = line.split(separator: ",", omittingEmptySubsequences: false).count
        let row = [String](repeating: "1", count: columns).joined(separator: ",")
        let table = try table(line + "\n" + row)
        #expect(table.header?.count == columns && table.rows == 1)
    }

    /// One cell that is no number makes no names of a first line of numbers: it is an error with its place, as elsewhere.
    @Test(arguments: [
        ("?,0.5,0", 1, "?"), ("0.5,?,0", 2, "?"), ("0.5,1,", 3, ""), (",0.5,0", 1, ""), ("0.5,1,setosa", 3, "setosa"),
        ("0.5,NA,1,2", 2, "NA"), ("x,1", 1, "x"), ("?,?,0,1,2", 1, "?"), ("?,na,0", 1, "?"), ("1.5x,2,3", 1, "1.5x"),
        ("?,?", 1, "?"), ("NA,none", 1, "NA"), (",", 1, ""), ("0,1,2,label", 4, "label"),
    ])
    func strayCells(_ line: String, _ column: Int, _ text: String) {
        let columns = line.split(separator: ",", omittingEmptySubsequences: false).count
        let row = [String](repeating: "1", count: columns).joined(separator: ",")
        for (text, error) in [
            (line + "\n" + row, CSVError.notANumber(line: 1, column: column, text: text, isFirst: true)),
            (row + "\n" + line, CSVError.notANumber(line: 2, column: column, text: text, isFirst: false)),
        ] {
            #expect(throws: error) { try table(text) }
            #expect("\(error)".contains("column \(column)"))
        }
    }
}
