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
        #expect(throws: CSVError.notANumber(line: 2, column: 2, text: "")) { try table("1,2\n3,\n4,5") }
        #expect(throws: CSVError.notANumber(line: 2, column: 1, text: "setosa")) { try table("1,2\nsetosa,1") }
        #expect(throws: CSVError.notANumber(line: 2, column: 1, text: "1.5x")) { try table("1,2\n1.5x,1") }
    }
}
