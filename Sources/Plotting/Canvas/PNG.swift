import CPNG
import Essentials
import Foundation

/// Why a picture cannot be written.
public enum PlottingError: DescribedError, Equatable {
    /// The size in pixels is not positive, or beyond the limit.
    case pictureTooLarge(width: Double, height: Double, limit: Double)
    /// libpng reports a failure, such as too little memory.
    case encodingFailed(message: String)
    /// A text chunk's keyword is not 1 to 79 Latin-1 characters without leading, trailing or double spaces.
    case invalidKeyword(String)

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .pictureTooLarge(let width, let height, let limit):
            "a picture of \(NumberText.rounded(width, digits: 7)) × \(NumberText.rounded(height, digits: 7)) pixels was asked for; the limit is \(NumberText.rounded(limit)) a side: use a smaller width or height, or fewer pixels per inch"
        case .encodingFailed(let message):
            "libpng could not encode the picture: \(message)"
        case .invalidKeyword(let keyword):
            "'\(keyword)' is no PNG keyword: use 1 to 79 printable Latin-1 characters without outer or double spaces"
        }
    }
}

extension Drawing {
    /// The picture as a PNG file: 8-bit RGB, with transparency where the background lets the ground through. The same drawing gives the
    /// same bytes.
    ///
    /// - Parameters:
    ///   - scale: pixels per point; 2 gives 144 pixels an inch at the nominal size.
    ///   - metadata: pairs of keyword and text (`Title`, `Software`, `Comment`, provenance). Text that is Latin-1 goes
    ///     into `tEXt` chunks, other text into `iTXt` (UTF-8), in the order given.
    /// - Throws: `PlottingError` where a side is not positive or longer than 20 000 pixels, where the PNG specification
    ///   does not allow a keyword, and where libpng fails.
    public func png(scale: Double = 2, metadata: [(keyword: String, text: String)] = []) throws -> [UInt8] {
        let limit = 20_000.0
        let (width, height) = (size.width * scale, size.height * scale)
        guard width > 0, height > 0, width <= limit, height <= limit else {
            throw PlottingError.pictureTooLarge(width: width, height: height, limit: limit)
        }
        let plain = background.opacity < 1 ? try transparentPNG(scale: scale) : try opaquePNG(scale: scale)
        var chunks = [PNG.resolutionChunk(pixelsPerInch: 72 * scale)]
        for (keyword, text) in metadata {
            chunks.append(try PNG.textChunk(keyword: keyword, text: text))
        }
        return PNG.insert(chunks, into: plain)
    }

    private func opaquePNG(scale: Double) throws -> [UInt8] {
        let canvas = PixelCanvas(self, scale: scale)
        return try PNG.encode(canvas.bytes, width: canvas.width, height: canvas.height)
    }

    private func transparentPNG(scale: Double) throws -> [UInt8] {
        let (pixels, width, height) = try transparentPixels(scale: scale)
        return try PNG.encode(pixels, width: width, height: height, hasAlpha: true)
    }

    /// Red, green, blue and opacity, from the picture painted on white and on black: how much of the ground shines through is the
    /// difference of the two.
    func transparentPixels(scale: Double) throws -> (bytes: [UInt8], width: Int, height: Int) {
        var (light, dark) = (self, self)
        (light.background, dark.background) = (.white, .black)
        let white = PixelCanvas(light, scale: scale), black = PixelCanvas(dark, scale: scale)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(white.bytes.count / 3 * 4)
        for at in stride(from: 0, to: white.bytes.count, by: 3) {
            let opacity = 255 - Int(white.bytes[at]) + Int(black.bytes[at])
            for part in 0..<3 {
                pixels.append(
                    opacity <= 0 ? 0 : UInt8(min(255, (Int(black.bytes[at + part]) * 255 + opacity / 2) / opacity)))
            }
            pixels.append(UInt8(max(0, min(255, opacity))))
        }
        return (pixels, white.width, white.height)
    }
}

/// The bytes of PNG files. libpng's simplified interface writes the pixels; resolution and text chunks are added here,
/// because that interface has none and the full one needs `setjmp`, which Swift cannot call.
enum PNG {
    /// Signature (8 bytes) and IHDR (4 length, 4 type, 13 data, 4 checksum) come first in every file.
    static let endOfHeader = 33

    /// - Parameter pixels: RGB or RGBA, row by row from the top.
    static func encode(_ pixels: [UInt8], width: Int, height: Int, hasAlpha: Bool = false) throws -> [UInt8] {
        precondition(
            pixels.count == (hasAlpha ? 4 : 3) * width * height,
            "\(width) × \(height) pixels do not have \(pixels.count) bytes")
        return try encode(
            pixels, width, height, PNG_FORMAT_FLAG_COLOR | (hasAlpha ? PNG_FORMAT_FLAG_ALPHA : 0), colors: [])
    }

    /// Pixels as numbers of a palette.
    static func encode(_ picture: IndexedImage) throws -> [UInt8] {
        try encode(
            picture.pixels, picture.width, picture.height, PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_COLORMAP,
            colors: picture.palette.flatMap { [$0.red, $0.green, $0.blue] })
    }

    private static func encode(
        _ pixels: [UInt8], _ width: Int, _ height: Int, _ format: some BinaryInteger, colors: [UInt8]
    ) throws -> [UInt8] {
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        image.width = png_uint_32(width)
        image.height = png_uint_32(height)
        image.format = png_uint_32(format)
        image.colormap_entries = png_uint_32(colors.count / 3)
        defer { png_image_free(&image) }
        // An upper bound: incompressible data is stored with little overhead.
        var count = pixels.count + pixels.count / 100 + 65_536
        var file = [UInt8](repeating: 0, count: count)
        let written = png_image_write_to_memory(&image, &file, &count, 0, pixels, 0, colors)
        guard written != 0, count <= file.count else {
            throw PlottingError.encodingFailed(message: message(of: image))
        }
        return Array(file[0..<count])
    }

    private static func message(of image: png_image) -> String {
        withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    static func insert(_ chunks: [[UInt8]], into file: [UInt8]) -> [UInt8] {
        Array(file[0..<endOfHeader]) + chunks.flatMap { $0 } + Array(file[endOfHeader...])
    }

    static func resolutionChunk(pixelsPerInch: Double) -> [UInt8] {
        let perMetre = UInt32((pixelsPerInch / 0.0254).rounded())
        return chunk("pHYs", bigEndian(perMetre) + bigEndian(perMetre) + [1])
    }

    static func textChunk(keyword: String, text: String) throws -> [UInt8] {
        guard let key = latin1(keyword), (1...79).contains(key.count), !keyword.hasPrefix(" "),
            !keyword.hasSuffix(" "), !keyword.contains("  "), key.allSatisfy({ $0 >= 32 && !(127...160).contains($0) })
        else { throw PlottingError.invalidKeyword(keyword) }
        // A zero byte would end the text early; it has no meaning in either kind of chunk.
        let text = text.replacingOccurrences(of: "\0", with: "")
        if let plain = latin1(text) { return chunk("tEXt", key + [0] + plain) }
        // Zero compression flag and method, no language tag, no translated keyword.
        return chunk("iTXt", key + [0, 0, 0, 0, 0] + Array(text.utf8))
    }

    private static func latin1(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            // Control characters other than the line feed, and 0x7F to 0x9F, are not allowed in tEXt.
            guard scalar.value == 10 || (32...126).contains(scalar.value) || (160...255).contains(scalar.value) else {
                return nil
            }
            bytes.append(UInt8(scalar.value))
        }
        return bytes
    }

    private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + data
        return bigEndian(UInt32(data.count)) + body + bigEndian(checksum(body))
    }

    static func bigEndian(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
    }

    /// CRC-32 as in ISO 3309, over the chunk's type and data.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var remainder: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            remainder ^= UInt32(byte)
            for _ in 0..<8 { remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1 }
        }
        return ~remainder
    }
}
