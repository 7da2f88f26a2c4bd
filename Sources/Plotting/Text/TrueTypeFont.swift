import Foundation

/// The built-in typeface as a TrueType font of the letters that a picture has, so that text in files stays text.
///
/// Tables are those of Apple's and Microsoft's specification (OpenType 1.9) that viewers and browsers ask for. Each character has a glyph
/// of its own, also where several look the same, so that every glyph means one character.
struct TrueTypeFont {
    /// Font units in an em.
    static let unitsPerEm = 2000
    static let ascent = 1540, descent = -460
    static let capHeight = 1448

    let weight: TextLine.Weight
    /// The characters, in the order of their glyphs, which begin with 1.
    let characters: [Character]
    private let glyphs: [StrokeFont.Glyph]
    private let numbers: [Character: Int]

    /// A font of these characters.
    init(_ characters: Set<Character>, weight: TextLine.Weight) {
        self.weight = weight
        self.characters = characters.sorted()
        glyphs = self.characters.map(StrokeFont.standard.glyph)
        numbers = Dictionary(uniqueKeysWithValues: self.characters.enumerated().map { ($1, $0 + 1) })
    }

    var name: String { weight == .bold ? "Landscape-Bold" : "Landscape-Regular" }

    func number(of character: Character) -> Int { numbers[character] ?? 0 }

    /// The advance of every glyph, from that of the missing character on, in font units.
    var advances: [Int] {
        ([StrokeFont.missing] + glyphs).map { Self.units($0.advance + StrokeFont.tracking(weight)) }
    }

    static func units(_ ems: Double) -> Int { Int((ems * Double(unitsPerEm)).rounded()) }

    /// The file's bytes.
    func encoded() -> [UInt8] {
        let outlines = ([StrokeFont.missing] + glyphs).map { Outline(GlyphOutline.contours($0, weight: weight)) }
        var glyf = TableBytes(), places = [0]
        for outline in outlines {
            outline.write(to: &glyf)
            glyf.pad(4)
            places.append(glyf.bytes.count)
        }
        var loca = TableBytes()
        for place in places { loca.add32(place) }
        var tables: [(tag: String, table: TableBytes)] = [
            ("OS/2", os2), ("cmap", characterMap), ("glyf", glyf), ("head", head(outlines)), ("hhea", horizontalHeader),
            ("hmtx", metrics(outlines)), ("loca", loca), ("maxp", profile(outlines)), ("name", names), ("post", post),
        ]
        if let kern = kerning { tables.insert(("kern", kern), at: 6) }
        return Self.file(tables)
    }

    /// A glyph's contours in font units.
    private struct Outline {
        let contours: [[(x: Int, y: Int)]]
        let xs: [Int], ys: [Int]

        init(_ contours: [[Point]]) {
            self.contours = contours.map { contour in
                contour.map { (TrueTypeFont.units($0.x), TrueTypeFont.units($0.y)) }
            }
            xs = self.contours.flatMap { $0.map(\.x) }
            ys = self.contours.flatMap { $0.map(\.y) }
        }

        var count: Int { xs.count }
        var left: Int { xs.min() ?? 0 }

        func write(to table: inout TableBytes) {
            guard count > 0 else { return }
            table.add16(contours.count)
            for bound in [xs.min()!, ys.min()!, xs.max()!, ys.max()!] { table.add16(bound) }
            var end = -1
            for contour in contours {
                end += contour.count
                table.add16(end)
            }
            table.add16(0)  // no instructions
            // All points lie on the curve; a difference of a byte is told by two flags.
            var flags: [UInt8] = [], x = TableBytes(), y = TableBytes(), last = (x: 0, y: 0)
            for point in contours.joined() {
                var flag: UInt8 = flags.isEmpty ? 0x41 : 1  // overlapping contours
                Self.add(point.x - last.x, short: 0x02, same: 0x10, &flag, &x)
                Self.add(point.y - last.y, short: 0x04, same: 0x20, &flag, &y)
                flags.append(flag)
                last = point
            }
            table.bytes += flags + x.bytes + y.bytes
        }

        private static func add(
            _ difference: Int, short: UInt8, same: UInt8, _ flag: inout UInt8, _ table: inout TableBytes
        ) {
            if difference == 0 {
                flag |= same
            } else if abs(difference) < 256 {
                flag |= short | (difference > 0 ? same : 0)
                table.bytes.append(UInt8(abs(difference)))
            } else {
                table.add16(difference)
            }
        }
    }

    // MARK: Tables

    private func head(_ outlines: [Outline]) -> TableBytes {
        var table = TableBytes()
        table.add32(0x10000)
        table.add32(0x10000)
        table.add32(0)  // the file's checksum, set at the end
        table.add32(0x5F0F_3CF5)
        table.add16(3)
        table.add16(Self.unitsPerEm)
        // Seconds since 1904, of 2026-01-01: a font that is the same each time has no other date.
        for _ in 0..<2 {
            table.add32(0)
            table.add32(3_850_070_400)
        }
        let (xs, ys) = (outlines.flatMap(\.xs), outlines.flatMap(\.ys))
        for bound in [xs.min() ?? 0, ys.min() ?? 0, xs.max() ?? 0, ys.max() ?? 0] { table.add16(bound) }
        table.add16(weight == .bold ? 1 : 0)
        table.add16(8)
        table.add16(2)
        table.add16(1)  // long places in loca
        table.add16(0)
        return table
    }

    private var horizontalHeader: TableBytes {
        var table = TableBytes()
        table.add32(0x10000)
        for number in [Self.ascent, Self.descent, 0, advances.max() ?? 0, 0, 0, advances.max() ?? 0, 1] {
            table.add16(number)
        }
        for _ in 0..<7 { table.add16(0) }
        table.add16(glyphs.count + 1)
        return table
    }

    private func metrics(_ outlines: [Outline]) -> TableBytes {
        var table = TableBytes()
        for (advance, outline) in zip(advances, outlines) {
            table.add16(advance)
            table.add16(outline.left)
        }
        return table
    }

    private func profile(_ outlines: [Outline]) -> TableBytes {
        var table = TableBytes()
        table.add32(0x10000)
        table.add16(outlines.count)
        table.add16(outlines.map(\.count).max() ?? 0)
        table.add16(outlines.map(\.contours.count).max() ?? 0)
        for number in [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0] { table.add16(number) }
        return table
    }

    /// Characters that are one scalar, as segments of one each (formats 4 and 12).
    private var characterMap: TableBytes {
        let mapped = characters.compactMap { character -> (scalar: Int, glyph: Int)? in
            let scalars = character.unicodeScalars
            return scalars.count == 1 ? (Int(scalars.first!.value), number(of: character)) : nil
        }
        .sorted { $0.scalar < $1.scalar }
        let basic = mapped.filter { $0.scalar < 0xFFFF } + [(0xFFFF, 0)]
        var four = TableBytes()
        let power = 1 << Int(log2(Double(basic.count)))
        four.add16(4)
        four.add16(16 + 8 * basic.count)
        for number in [0, 2 * basic.count, 2 * power, Int(log2(Double(power))), 2 * (basic.count - power)] {
            four.add16(number)
        }
        for pair in basic { four.add16(pair.scalar) }
        four.add16(0)
        for pair in basic { four.add16(pair.scalar) }
        for pair in basic { four.add16(pair.scalar == 0xFFFF ? 1 : (pair.glyph - pair.scalar) & 0xFFFF) }
        for _ in basic { four.add16(0) }
        var twelve = TableBytes()
        twelve.add16(12)
        twelve.add16(0)
        for number in [16 + 12 * mapped.count, 0, mapped.count] { twelve.add32(number) }
        for pair in mapped { for number in [pair.scalar, pair.scalar, pair.glyph] { twelve.add32(number) } }
        var table = TableBytes()
        for number in [0, 2, 3, 1] { table.add16(number) }
        table.add32(20)
        for number in [3, 10] { table.add16(number) }
        table.add32(20 + four.bytes.count)
        table.bytes += four.bytes + twelve.bytes
        return table
    }

    /// Pairs that stand closer; nil without any.
    private var kerning: TableBytes? {
        var pairs: [(left: Int, right: Int, amount: Int)] = []
        for left in characters {
            for right in characters {
                guard let amount = StrokeFont.kerning["\(left)\(right)"] else { continue }
                pairs.append((number(of: left), number(of: right), Self.units(amount)))
            }
        }
        guard !pairs.isEmpty else { return nil }
        let power = 1 << Int(log2(Double(pairs.count)))
        var table = TableBytes()
        for number in [0, 1, 0, 14 + 6 * pairs.count, 1, pairs.count, 6 * power, Int(log2(Double(power)))] {
            table.add16(number)
        }
        table.add16(6 * (pairs.count - power))
        for pair in pairs { for number in [pair.left, pair.right, pair.amount] { table.add16(number) } }
        return table
    }

    private var os2: TableBytes {
        var table = TableBytes()
        let mean = advances.reduce(0, +) / max(1, advances.count)
        for number in [4, mean, weight == .bold ? 700 : 400, 5, 0] { table.add16(number) }
        for number in [1300, 1200, 0, 280, 1300, 1200, 0, 960, 100, 500, 0] { table.add16(number) }
        table.bytes += [UInt8](repeating: 0, count: 10)  // panose
        for number in [3, 0, 0, 0] { table.add32(number) }
        table.bytes += Array("LAND".utf8)
        table.add16(weight == .bold ? 0x20 : 0x40)
        let scalars = characters.flatMap { $0.unicodeScalars.map { Int($0.value) } }
        table.add16(min(0xFFFF, scalars.min() ?? 32))
        table.add16(min(0xFFFF, scalars.max() ?? 32))
        for number in [Self.ascent, Self.descent, 0, Self.ascent, -Self.descent] { table.add16(number) }
        table.add32(1)
        table.add32(0)
        for number in [1050, Self.capHeight, 0, 32, 2] { table.add16(number) }
        return table
    }

    private var names: TableBytes {
        let family = "Landscape", style = weight == .bold ? "Bold" : "Regular"
        let texts = [(1, family), (2, style), (3, name), (4, "\(family) \(style)"), (5, "Version 1.0"), (6, name)]
        var table = TableBytes(), storage = TableBytes()
        for number in [0, texts.count, 6 + 12 * texts.count] { table.add16(number) }
        for (identifier, text) in texts {
            for number in [3, 1, 0x409, identifier, 2 * text.utf16.count, storage.bytes.count] { table.add16(number) }
            for unit in text.utf16 { storage.add16(Int(unit)) }
        }
        table.bytes += storage.bytes
        return table
    }

    private var post: TableBytes {
        var table = TableBytes()
        table.add32(0x30000)
        table.add32(0)
        table.add16(-200)
        table.add16(100)
        for _ in 0..<5 { table.add32(0) }
        return table
    }

    private static func file(_ tables: [(tag: String, table: TableBytes)]) -> [UInt8] {
        let power = 1 << Int(log2(Double(tables.count)))
        var directory = TableBytes(), body = TableBytes(), headPlace = 0
        directory.add32(0x10000)
        for number in [tables.count, 16 * power, Int(log2(Double(power))), 16 * (tables.count - power)] {
            directory.add16(number)
        }
        let start = 12 + 16 * tables.count
        for (tag, table) in tables {
            let place = start + body.bytes.count
            if tag == "head" { headPlace = place }
            directory.bytes += Array(tag.utf8)
            directory.add32(Int(table.checksum))
            directory.add32(place)
            directory.add32(table.bytes.count)
            body.bytes += table.bytes
            body.pad(4)
        }
        var file = TableBytes(bytes: directory.bytes + body.bytes), adjustment = TableBytes()
        adjustment.add32(Int(0xB1B0_AFBA &- file.checksum))
        file.bytes.replaceSubrange((headPlace + 8)..<(headPlace + 12), with: adjustment.bytes)
        return file.bytes
    }
}

/// Numbers as TrueType writes them, the high byte first.
struct TableBytes {
    var bytes: [UInt8] = []

    mutating func add16(_ number: Int) {
        let word = UInt16(truncatingIfNeeded: number)
        bytes += [UInt8(word >> 8), UInt8(word & 0xFF)]
    }

    mutating func add32(_ number: Int) {
        let word = UInt32(truncatingIfNeeded: number)
        bytes += [UInt8(word >> 24), UInt8(word >> 16 & 0xFF), UInt8(word >> 8 & 0xFF), UInt8(word & 0xFF)]
    }

    mutating func pad(_ size: Int) { while bytes.count % size != 0 { bytes.append(0) } }

    /// The sum of its words.
    var checksum: UInt32 {
        var padded = self
        padded.pad(4)
        return stride(from: 0, to: padded.bytes.count, by: 4).reduce(into: UInt32(0)) { sum, at in
            sum &+= padded.bytes[at..<(at + 4)].reduce(0) { $0 << 8 | UInt32($1) }
        }
    }
}
