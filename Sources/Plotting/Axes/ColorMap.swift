import Foundation

/// A continuous map from the unit interval to colours, kept as 256 entries.
public struct ColorMap: Sendable, Equatable {
    /// The map's name, such as `viridis`.
    public let name: String
    /// 256 colours, from the lowest value to the highest.
    public let colors: [Color]

    /// A map through equidistant anchors, interpolated in Oklab (Ottosson 2020), where equal steps look equal.
    ///
    /// - Parameter anchors: colours as `0xRRGGBB`, lowest first.
    /// - Precondition: at least two anchors.
    public init(name: String, anchors: [UInt32]) {
        precondition(anchors.count >= 2, "a colour map needs at least 2 anchors, got \(anchors.count)")
        self.name = name
        let points = anchors.map { Oklab(Color($0)) }
        colors = (0..<256).map { index in
            let position = Double(index) / 255 * Double(points.count - 1)
            let left = min(Int(position), points.count - 2)
            return Oklab.mix(points[left], points[left + 1], position - Double(left)).color
        }
    }

    /// The colour at `t`, which is clamped to 0...1; not-a-number gives the lowest.
    public func color(at t: Double) -> Color {
        let clamped = t.isNaN ? 0 : min(1, max(0, t))
        return colors[Int((clamped * 255).rounded())]
    }

    /// Dark blue to yellow, after matplotlib's CC0 map: the default for surfaces.
    public static let viridis = ColorMap(
        name: "viridis",
        anchors: [
            0x440154, 0x482475, 0x414487, 0x355F8D, 0x2A788E, 0x21918C, 0x22A884, 0x44BF70, 0x7AD151, 0xBDDF26,
            0xFDE725,
        ])

    /// Black over purple to cream, after matplotlib's CC0 map.
    public static let magma = ColorMap(
        name: "magma",
        anchors: [
            0x000004, 0x140E36, 0x3B0F70, 0x641A80, 0x8C2981, 0xB73779, 0xDE4968, 0xF7705C, 0xFE9F6D, 0xFECF92,
            0xFCFDBF,
        ])

    /// Black over red to pale yellow, after matplotlib's CC0 map.
    public static let inferno = ColorMap(
        name: "inferno",
        anchors: [
            0x000004, 0x160B39, 0x420A68, 0x6A176E, 0x932667, 0xBC3754, 0xDD513A, 0xF37819, 0xFCA50A, 0xF6D746,
            0xFCFFA4,
        ])

    /// Dark blue over red to yellow, after matplotlib's CC0 map.
    public static let plasma = ColorMap(
        name: "plasma",
        anchors: [
            0x0D0887, 0x41049D, 0x6A00A8, 0x8F0DA4, 0xB12A90, 0xCC4778, 0xE16462, 0xF2844B, 0xFCA636, 0xFCCE25,
            0xF0F921,
        ])

    /// A rainbow of even steps, after Mikhailov's map (2019). Its lightness rises and falls, so it shows detail and no order.
    public static let turbo = ColorMap(
        name: "turbo",
        anchors: [
            0x30123B, 0x4040A2, 0x466BE3, 0x4294FF, 0x28BCEB, 0x18DDC2, 0x32F298, 0x6DFE62, 0xA4FC3C, 0xCDEC34,
            0xEECF3A, 0xFDAC34, 0xFB7E21, 0xEB500E, 0xD02F05, 0xA91601, 0x7A0403,
        ])

    /// Blue over grey to red, after Moreland (2009), for values with a meaningful middle.
    public static let coolwarm = ColorMap(
        name: "coolwarm",
        anchors: [
            0x3B4CC0, 0x5977E3, 0x7B9FF9, 0x9EBEFF, 0xC0D4F5, 0xDDDCDC, 0xF2CBB7, 0xF7AC8E, 0xEE8468, 0xD65244,
            0xB40426,
        ])

    /// Black to white in steps that look equal.
    public static let grey = ColorMap(name: "grey", anchors: [0x000000, 0xFFFFFF])

    /// All maps, in the order of help.
    public static let all = [viridis, magma, inferno, plasma, cividis, turbo, coolwarm, grey, diverging]

    /// The map of this name, such as `viridis`, or with `_r` at its end for the same the other way round; nil where there is none.
    public static func named(_ name: String) -> ColorMap? {
        let isReversed = name.hasSuffix("_r")
        let base = isReversed ? String(name.dropLast(2)) : name
        return all.first { $0.name == base }.map { isReversed ? $0.reversed : $0 }
    }

    /// The same colours the other way round.
    public var reversed: ColorMap {
        ColorMap(name: name.hasSuffix("_r") ? String(name.dropLast(2)) : name + "_r", colors: colors.reversed())
    }

    private init(name: String, colors: [Color]) { (self.name, self.colors) = (name, colors) }

    /// Blue over grey to yellow, nearly the same with and without red–green colour blindness.
    public static let cividis = ColorMap(
        name: "cividis",
        anchors: [
            0x00204D, 0x00336F, 0x39486B, 0x575C6D, 0x707173, 0x8A8779, 0xA69D75, 0xC4B56C, 0xE4CF5B, 0xFFEA46,
        ])

    /// Blue over near-white to red, for values with a meaningful middle, such as differences.
    public static let diverging = ColorMap(
        name: "diverging",
        anchors: [0x173A6B, 0x2F6DAE, 0x7FB2D8, 0xC9DFEC, 0xF5F4F1, 0xF6CDB6, 0xE58F72, 0xBF4546, 0x74182B])
}

/// A colour in Ottosson's Oklab space (2020): lightness and two opponent axes.
private struct Oklab {
    var l: Double
    var a: Double
    var b: Double

    init(l: Double, a: Double, b: Double) {
        self.l = l
        self.a = a
        self.b = b
    }

    init(_ color: Color) {
        let r = Color.linear(fromStandard: Double(color.red) / 255)
        let g = Color.linear(fromStandard: Double(color.green) / 255)
        let b = Color.linear(fromStandard: Double(color.blue) / 255)
        let x = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
        let y = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
        let z = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
        self.init(
            l: 0.2104542553 * x + 0.7936177850 * y - 0.0040720468 * z,
            a: 1.9779984951 * x - 2.4285922050 * y + 0.4505937099 * z,
            b: 0.0259040371 * x + 0.7827717662 * y - 0.8086757660 * z)
    }

    static func mix(_ p: Oklab, _ q: Oklab, _ t: Double) -> Oklab {
        Oklab(l: p.l + t * (q.l - p.l), a: p.a + t * (q.a - p.a), b: p.b + t * (q.b - p.b))
    }

    var color: Color {
        let x = l + 0.3963377774 * a + 0.2158037573 * b
        let y = l - 0.1055613458 * a - 0.0638541728 * b
        let z = l - 0.0894841775 * a - 1.2914855480 * b
        let (x3, y3, z3) = (x * x * x, y * y * y, z * z * z)
        func byte(_ linear: Double) -> UInt8 {
            UInt8((min(1, max(0, Color.standard(fromLinear: max(0, linear)))) * 255).rounded())
        }
        return Color(
            red: byte(4.0767416621 * x3 - 3.3077115913 * y3 + 0.2309699292 * z3),
            green: byte(-1.2684380046 * x3 + 2.6097574011 * y3 - 0.3413193965 * z3),
            blue: byte(-0.0041960863 * x3 - 0.7034186147 * y3 + 1.7076147010 * z3))
    }
}

/// A map is written by its name, or by its colours if it is none of the known ones.
extension ColorMap: Codable {
    private enum Key: CodingKey { case name, colors }

    /// Reads a map.
    ///
    /// - Throws: `DecodingError` where the name is not known and there are not 256 colours.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        let name = try values.decode(String.self, forKey: .name)
        if let known = Self.named(name) {
            self = known
            return
        }
        let colors = try values.decode([Color].self, forKey: .colors)
        guard colors.count == 256 else {
            throw DecodingError.dataCorruptedError(
                forKey: .colors, in: values, debugDescription: "\(colors.count) colours, expected 256")
        }
        self.init(name: name, colors: colors)
    }

    /// Writes the map.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(name, forKey: .name)
        if Self.named(name) != self { try values.encode(colors, forKey: .colors) }
    }
}
