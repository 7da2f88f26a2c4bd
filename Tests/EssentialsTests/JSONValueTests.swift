import Essentials
import Testing

@Suite struct JSONValueTests {
    private func parse(_ text: String) throws(JSONError) -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    /// Kinds, order of members and escapes survive both ways of writing.
    @Test func roundTrip() throws {
        let value = JSONValue.object([
            ("z", .null), ("a", .bool(true)), ("numbers", .array([.integer(-7), .number(0.1), .number(1e-300)])),
            ("text", .string("\"\\\n\r\t\u{1} é 😀")), ("empty", .object([])), ("none", .array([])),
        ])
        #expect(
            value.text
                == #"{"z": null, "a": true, "numbers": [-7, 0.1, 1e-300], "text": "\"\\\n\r\t\u0001 é 😀", "empty": {}, "none": []}"#
        )
        #expect(value.compactText.contains(#""a":true,"numbers":[-7,0.1,1e-300]"#))
        for text in [value.text, value.compactText] { #expect(try parse(text) == value) }
        #expect(JSONValue.number(.nan).text == "null" && JSONValue.number(-.infinity).text == "null")
    }

    /// A whole number that an Int holds is one; every other keeps its bits.
    @Test func numbers() throws {
        #expect(try parse("9007199254740993").int == 9_007_199_254_740_993)
        #expect(try parse("5.0").int == 5 && parse("5.0").text == "5.0")
        #expect(try parse("9223372036854775808").double == 0x1p63 && parse("9223372036854775808").int == nil)
        for number: Double in [0.1, 1 / 3, 1e308, 5e-324, -0x1.fffffffffffffp-1] {
            #expect(try parse("\(number)").double == number)
        }
        for text in ["01", "+1", ".5", "1.", "1e", "-", "0x10", "nan", "inf", "-inf", "--1"] {
            #expect(throws: JSONError.unexpected(at: 0)) { try parse(text) }
        }
        #expect(throws: JSONError.unexpected(at: 1)) { try parse("1_0") }
    }

    @Test func refusesWhatIsNoJSON() {
        #expect(throws: JSONError.duplicateKey("a")) { try parse(#"{"a": 1, "b": 2, "a": 1}"#) }
        #expect(throws: JSONError.tooDeep) { try parse(String(repeating: "[", count: 17)) }
        #expect(throws: JSONError.notUnicode) { try parse(#""\ud800""#) }
        #expect(throws: JSONError.notUnicode) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
        #expect(throws: JSONError.unexpected(at: 3)) { try parse("[1 2]") }
        for text in ["", "[1,]", "{\"a\"}", "{a: 1}", "\"\n\"", "[1]]", "\"", "tru", "{\"a\": 1,}"] {
            #expect(throws: JSONError.self) { try parse(text) }
        }
    }

    @Test func paths() throws {
        let value = try parse(#"{"trace": {"value": 2.5}, "eigenvalues": [3, 1]}"#)
        #expect(value["trace.value"]?.double == 2.5 && value["eigenvalues.1"]?.int == 1)
        #expect(value["eigenvalues.2"] == nil && value["trace.error"] == nil)
        #expect(value.keys(near: "trace.error") == "one of trace.value")
        #expect(value.keys(near: "eigenvalues.2") == "eigenvalues.0 to eigenvalues.1")
    }

    /// Keys of an encodable value are in alphabetical order, numbers that are not finite null.
    @Test func encodable() throws {
        struct Sample: Encodable { let b = 1.0, a = Double.nan, c = [0.5, 2e60] }
        #expect(try JSONValue(encoding: Sample()).text == #"{"a": null, "b": 1, "c": [0.5, 2e+60]}"#)
    }
}
