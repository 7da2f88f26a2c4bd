/// An array and its name: what files of weights consist of, whatever their format.
public struct NamedArray: Sendable, Equatable {
    /// Such as `layer1.0.conv1.weight`.
    public let name: String
    /// Shape, type and numbers.
    public let array: NumericArray

    /// An array under a name.
    public init(name: String, array: NumericArray) {
        self.name = name
        self.array = array
    }
}
