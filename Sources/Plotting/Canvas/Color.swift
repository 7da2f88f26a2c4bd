import Foundation

/// An sRGB colour with opacity.
public struct Color: Sendable, Equatable, Hashable, Codable {
    /// What a colour is for, where a theme gives it another one.
    enum Role: Sendable, Equatable, Hashable, Codable {
        case paper, ink, quiet, gridLine
        /// Of the palette of series, by its number.
        case series(Int)
    }

    /// Red, 0 to 255.
    public var red: UInt8
    /// Green, 0 to 255.
    public var green: UInt8
    /// Blue, 0 to 255.
    public var blue: UInt8
    /// From 0, invisible, to 1, opaque.
    public var opacity: Double
    /// Nil for a colour that every theme leaves as it is.
    var role: Role?

    /// A colour by its parts, opaque unless it is said otherwise.
    public init(red: UInt8, green: UInt8, blue: UInt8, opacity: Double = 1) {
        self.red = red
        self.green = green
        self.blue = blue
        self.opacity = opacity
    }

    /// A colour from `0xRRGGBB`.
    public init(_ hex: UInt32, opacity: Double = 1) {
        self.init(
            red: UInt8(hex >> 16 & 0xFF), green: UInt8(hex >> 8 & 0xFF), blue: UInt8(hex & 0xFF), opacity: opacity)
    }

    /// Opaque black.
    public static let black = Color(0x000000)
    /// Opaque white.
    public static let white = Color(0xFFFFFF)
    /// Text and axes: a shade softer than black.
    static let ink = Color(0x1A1A1A).as(.ink)
    /// Provenance lines and annotations.
    static let quiet = Color(0x666666).as(.quiet)
    static let gridLine = Color(0xE4E4E4).as(.gridLine)
    /// What a picture is drawn on.
    public static let paper = Color(0xFFFFFF).as(.paper)

    /// The colours of series, in order, told apart under the common forms of colour blindness.
    ///
    /// They are Okabe and Ito's set (2008) without its yellow, which is too light for a line on white.
    public static let seriesPalette: [Color] = [
        Color(0x0072B2), Color(0xD55E00), Color(0x009E73), Color(0xCC79A7), Color(0x56B4E9), Color(0xE69F00),
        Color(0x444444),
    ].enumerated().map { $1.as(.series($0)) }

    /// The same colour, which a theme replaces by that of its own.
    func `as`(_ role: Role) -> Color {
        var copy = self
        copy.role = role
        return copy
    }

    /// The same colour with another opacity.
    public func withOpacity(_ opacity: Double) -> Color {
        var copy = self
        copy.opacity = opacity
        return copy
    }

    /// Relative luminance by the sRGB standard: 0 for black, 1 for white. Opacity is not looked at.
    public var luminance: Double {
        let linear = [red, green, blue].map { Color.linear(fromStandard: Double($0) / 255) }
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    /// `#rrggbb`.
    public var hexText: String {
        let digits = Array("0123456789abcdef")
        return "#" + [red, green, blue].map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined()
    }

    static func linear(fromStandard s: Double) -> Double {
        s <= 0.04045 ? s / 12.92 : pow((s + 0.055) / 1.055, 2.4)
    }

    static func standard(fromLinear l: Double) -> Double {
        l <= 0.0031308 ? 12.92 * l : 1.055 * pow(l, 1 / 2.4) - 0.055
    }
}
