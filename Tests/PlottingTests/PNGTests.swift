import CPNG
import Foundation
import Testing

@testable import Plotting

@Suite struct PNGTests {
    struct Chunk {
        var type: String
        var data: [UInt8]
        var checksum: UInt32
        var checked: UInt32
    }

    static func chunks(_ file: [UInt8]) throws -> [Chunk] {
        #expect(Array(file.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        var chunks: [Chunk] = []
        var at = 8
        func word(_ at: Int) -> UInt32 { file[at..<(at + 4)].reduce(0) { $0 << 8 | UInt32($1) } }
        while at + 12 <= file.count {
            let length = Int(word(at))
            try #require(at + 12 + length <= file.count)
            let body = Array(file[(at + 4)..<(at + 8 + length)])
            chunks.append(
                Chunk(
                    type: String(decoding: body.prefix(4), as: UTF8.self), data: Array(body.dropFirst(4)),
                    checksum: word(at + 8 + length), checked: checksum(body)))
            at += 12 + length
        }
        #expect(at == file.count)
        return chunks
    }

    /// CRC-32 by long division of the message polynomial, bit by bit from the definition in the PNG specification:
    /// a second way to the same number.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var bits: [Bool] = bytes.flatMap { byte in (0..<8).map { byte >> $0 & 1 == 1 } }
        bits += [Bool](repeating: false, count: 32)
        for index in 0..<32 { bits[index].toggle() }
        let polynomial: UInt64 = 0x1_04C1_1DB7
        for index in 0..<(bits.count - 32) where bits[index] {
            for offset in 0...32 where polynomial >> UInt64(32 - offset) & 1 == 1 { bits[index + offset].toggle() }
        }
        return ~bits.suffix(32).enumerated().reduce(UInt32(0)) { $0 | ($1.element ? 1 << UInt32($1.offset) : 0) }
    }

    static func decode(_ file: [UInt8]) throws -> (width: Int, height: Int, pixels: [UInt8]) {
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        defer { png_image_free(&image) }
        try #require(png_image_begin_read_from_memory(&image, file, file.count) != 0)
        image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
        var pixels = [UInt8](repeating: 0, count: 3 * Int(image.width) * Int(image.height))
        try #require(png_image_finish_read(&image, nil, &pixels, 0, nil) != 0)
        // 0: neither a warning nor an error, so libpng also accepts the inserted chunks.
        #expect(image.warning_or_error == 0)
        return (Int(image.width), Int(image.height), pixels)
    }

    static let drawing = HeatmapFigureTests.example().draw()

    @Test func chunksAreInOrderAndChecked() throws {
        let file = try Self.drawing.png(
            scale: 2, metadata: [("Title", "Loss of f"), ("Comment", "ρ = 0.05"), ("Software", "Müller\nx")])
        let chunks = try Self.chunks(file)
        #expect(chunks.prefix(5).map(\.type) == ["IHDR", "pHYs", "tEXt", "iTXt", "tEXt"])
        #expect(chunks.last?.type == "IEND")
        #expect(chunks.contains { $0.type == "IDAT" })
        for chunk in chunks where chunk.data.count < 5000 { #expect(chunk.checksum == chunk.checked, "\(chunk.type)") }
        // IHDR: 940 × 840, 8 bits, RGB, and nothing else.
        #expect(chunks[0].data == [0, 0, 3, 172, 0, 0, 3, 72, 8, 2, 0, 0, 0])
        // 144 pixels an inch are 5669 a metre.
        #expect(chunks[1].data == [0, 0, 0x16, 0x25, 0, 0, 0x16, 0x25, 1])
        #expect(chunks[2].data == Array("Title\0Loss of f".utf8))
        #expect(chunks[3].data == Array("Comment\0\0\0\0\0ρ = 0.05".utf8))
        #expect(chunks[4].data == Array("Software\0M".utf8) + [0xFC] + Array("ller\nx".utf8))
    }

    @Test func checksumHasTheKnownValues() {
        // The check value of CRC-32, and the one at the end of every PNG file.
        #expect(PNG.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(PNG.checksum(Array("IEND".utf8)) == 0xAE42_6082)
        #expect(Self.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
    }

    @Test func libpngReadsThePixelsBack() throws {
        let decoded = try Self.decode(try Self.drawing.png(scale: 1, metadata: [("Title", "∇L"), ("Author", "a")]))
        let canvas = PixelCanvas(Self.drawing, scale: 1)
        #expect(decoded.width == 470 && decoded.height == 420)
        #expect(decoded.pixels == canvas.bytes)
        #expect(Set(decoded.pixels).count > 50)
    }

    @Test func sameDrawingSameBytes() throws {
        let again = HeatmapFigureTests.example().draw()
        let bytes = try Self.drawing.png(metadata: [("Title", "a")])
        #expect(try again.png(metadata: [("Title", "a")]) == bytes)
        #expect(again.svg() == Self.drawing.svg())
        #expect(try again.png(metadata: [("Title", "b")]) != bytes)
        #expect(try again.png(scale: 1, metadata: [("Title", "a")]) != bytes)
    }

    @Test func incompressiblePixelsFit() throws {
        var state: UInt64 = 1
        let noise = (0..<(3 * 64 * 48)).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(state >> 56)
        }
        let file = try PNG.encode(noise, width: 64, height: 48)
        #expect(try Self.decode(file).pixels == noise)
    }

    @Test(arguments: ["", " Title", "Title ", "a  b", "ρ", "a\nb", String(repeating: "x", count: 80)])
    func keywordsThatPNGForbids(_ keyword: String) {
        #expect(throws: PlottingError.invalidKeyword(keyword)) {
            try Self.drawing.png(scale: 0.1, metadata: [(keyword, "text")])
        }
    }

    @Test func tooLargePictures() {
        #expect(throws: PlottingError.pictureTooLarge(width: 47_000, height: 42_000, limit: 20_000)) {
            try Self.drawing.png(scale: 100)
        }
        #expect(throws: PlottingError.self) { try Self.drawing.png(scale: .nan) }
        #expect(throws: PlottingError.self) { try Self.drawing.png(scale: 0) }
    }
}
