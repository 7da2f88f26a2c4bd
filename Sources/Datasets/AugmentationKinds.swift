/// Which changes augmentation makes to images.
public struct AugmentationKinds: OptionSet, Sendable, Codable, CustomStringConvertible {
    /// One bit for each kind.
    public let rawValue: Int
    /// The kinds whose bits are set.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Crops at random places of the image on a border of zeros.
    public static let crop = AugmentationKinds(rawValue: 1)
    /// Mirror images, left to right, with probability ½. Not for digits, whose mirror images are no digits.
    public static let flip = AugmentationKinds(rawValue: 2)
    /// Crops and mirror images.
    public static let all: AugmentationKinds = [.crop, .flip]

    /// The kinds that a text names: `crop`, `flip` or `crop,flip`; `nil` for other text.
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

    /// The text that `init(_:)` reads, such as `crop,flip`; empty for no kind.
    public var description: String {
        [contains(.crop) ? "crop" : nil, contains(.flip) ? "flip" : nil].compactMap { $0 }.joined(separator: ",")
    }
}
