import Essentials
import Testing

@Suite struct PrintableTextTests {
    @Test func escapes() {
        #expect("Größe ‖θ‖ 日本 👍🏽".printable == "Größe ‖θ‖ 日本 👍🏽")
        #expect("a\u{1B}[31m\u{7F}\u{9B}".printable == "a\\u{1b}[31m\\u{7f}\\u{9b}")
        #expect("a\r\n\tb\0".printable == "a\\r\\n\\tb\\u{0}")
        #expect(
            "\u{202E}gnp.exe\u{2066}\u{200B}\u{FEFF}\u{2028}\u{E0041}".printable
                == "\\u{202e}gnp.exe\\u{2066}\\u{200b}\\u{feff}\\u{2028}\\u{e0041}")
        // One escaping for all kinds of text, and twice is once.
        #expect("\u{1B}x"[...].printable == "\u{1B}x".printable && "\u{1B}x".printable.printable == "\\u{1b}x")
        #expect("\u{1B}\(String(repeating: "x", count: 100))".shown == "\\u{1b}\(String(repeating: "x", count: 59))…")
    }

    /// In JSON the same characters are escapes that every parser reads back.
    @Test func json() throws {
        let text = "a\u{1B}\u{9B}\u{202E}\u{E0041}\u{10FF00}\"ö"
        let written = JSONValue.string(text).text
        #expect(written == "\"a\\u001b\\u009b\\u202e\\udb40\\udc41\u{10FF00}\\\"ö\"")
        #expect(try JSONValue(parsing: Array(written.utf8)).string == text)
    }

    /// Any bytes are a file's name, and come back as they were.
    @Test func namesOfFiles() {
        let names: [[UInt8]] = [
            Array("Größe 日本 👍".utf8), [0xE9], Array("caf".utf8) + [0xE9] + Array(".bin".utf8), [0xC3], [0xC3, 0x28],
            [0xED, 0xA0, 0x80], [0xF4, 0x8F, 0xBF, 0xBF], [0xF4, 0x8F, 0xBE, 0x80], [0xC0, 0x80], [0xFF, 0xFE, 0x80],
        ]
        for name in names {
            let text = FilePath.text(name)
            #expect(FilePath.system(text).dropLast().map { UInt8(bitPattern: $0) } == name)
            #expect(FilePath.system(text).last == 0)
        }
        #expect(FilePath.text(Array("Größe".utf8)) == "Größe")
        #expect(FilePath.text([0x61, 0xE9]).printable == "a\\xe9")
        #expect(Set(names.map { FilePath.text($0) }).count == names.count)
    }
}
