/// What augmentation does to images.
public struct AugmentationKinds: OptionSet, Sendable, Codable, CustomStringConvertible {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Shifted at random, on a border of zeros.
    public static let crop = AugmentationKinds(rawValue: 1)
    /// Mirrored left to right with probability ½: not for images such as digits, whose mirror images are others.
    public static let flip = AugmentationKinds(rawValue: 2)
    public static let all: AugmentationKinds = [.crop, .flip]

    /// `crop`, `flip` or `crop,flip`; nil for other text.
    public init?(_ text: String) {
        self = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            switch word {
            case "crop": insert(.crop)
            case "flip": insert(.flip)
            default: return nil
            }
        }
    }

    public var description: String {
        [contains(.crop) ? "crop" : nil, contains(.flip) ? "flip" : nil].compactMap { $0 }.joined(separator: ",")
    }
}
