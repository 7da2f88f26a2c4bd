extension StringProtocol {
    /// The text on one line, as it may be shown: what would move the cursor, change colours, or turn the direction of reading is shown by
    /// its number instead, a line's end as `\n`.
    ///
    /// Names in checkpoints, models and data are whatever their author wrote.
    public var printable: String {
        guard unicodeScalars.contains(where: { !Self.isShown($0) }) else { return String(self) }
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            // A byte of a file's name that is no text.
            case _ where FilePath.foreign.contains(scalar.value):
                result += "\\x" + String(scalar.value & 0xFF, radix: 16)
            case _ where Self.isShown(scalar): result.unicodeScalars.append(scalar)
            default: result += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return result
    }

    private static func isShown(_ scalar: Unicode.Scalar) -> Bool { scalar.isShown }
}

extension Unicode.Scalar {
    /// Whether it can be shown as it is.
    var isShown: Bool {
        switch value {
        // Control characters; ends of lines and paragraphs.
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: false
        // Marks, embeddings, overrides and isolates of direction; the invisible tags.
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069, 0xE0000...0xE007F: false
        // What nobody sees: spaces without width, shapes of digits, marks of annotations and of the order of bytes.
        case 0x200B, 0x2060...0x2064, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFB: false
        case FilePath.foreign: false
        default: true
        }
    }
}
