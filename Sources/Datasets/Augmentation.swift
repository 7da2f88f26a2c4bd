import Tensors

/// Random crops and mirror images, as published CIFAR results use them (He et al. 2015, arXiv 1512.03385, section 4.2).
///
/// An image gets a border of zeros, is cut to its size at a random place, and is mirrored left to right with
/// probability ½. The result depends on the seed, the epoch and the example alone. Standardise first, so that the
/// border's zeros are the mean.
public struct Augmentation: Sendable, Equatable {
    /// Pixels of zeros on every side; 0 for no crops.
    public let padding: Int
    /// Whether images are mirrored with probability ½.
    public let mirrors: Bool
    /// Seed of the choices.
    public let seed: UInt64

    /// Crops from a border of 4 pixels and mirror images, the values of He et al., unless others are given.
    public init(padding: Int = 4, mirrors: Bool = true, seed: UInt64) {
        self.padding = padding
        self.mirrors = mirrors
        self.seed = seed
    }

    /// The augmentation of these kinds for images of shape [C, H, W]. Crops have a border of an eighth of the shorter
    /// side, rounded up: the 4 pixels that He et al. give an image of 32.
    ///
    /// - Precondition: `shape` has three extents.
    public init(_ kinds: AugmentationKinds, shape: [Int], seed: UInt64) {
        precondition(shape.count == 3, "augmentation of examples of shape \(shape)")
        self.init(
            padding: kinds.contains(.crop) ? (min(shape[1], shape[2]) + 7) / 8 : 0, mirrors: kinds.contains(.flip),
            seed: seed)
    }

    /// Pixels that an example's window moves down and right in an epoch, and whether the image is mirrored.
    public func choice(epoch: Int, example: Int) -> (down: Int, right: Int, isMirrored: Bool) {
        let numbers = RandomNumbers(seed: seed, stream: UInt64(epoch)).named("augmentation")
        func shift(_ index: Int) -> Int {
            Int(numbers.uniform(at: 3 * example + index) * Double(2 * padding + 1)) - padding
        }
        return (shift(0), shift(1), mirrors && numbers.uniform(at: 3 * example + 2) < 0.5)
    }

    /// Augments one example of shape [C, H, W] in place.
    ///
    /// - Precondition: `shape` has three extents and `image` as many numbers.
    @inlinable
    public func apply<Scalar: BinaryFloatingPoint & BitwiseCopyable>(
        to image: UnsafeMutableBufferPointer<Scalar>, shape: [Int], epoch: Int, example: Int
    ) {
        precondition(
            shape.count == 3 && image.count == shape.reduce(1, *), "\(image.count) numbers of shape \(shape)")
        let (down, right, isMirrored) = choice(epoch: epoch, example: example)
        let (channels, height, width) = (shape[0], shape[1], shape[2])
        // The columns whose source is inside the image: 0 ≤ (mirrored column) + right < width.
        let first = min(width, max(0, isMirrored ? right : -right))
        let last = max(first, min(width, isMirrored ? width + right : width - right))
        withUnsafeTemporaryAllocation(of: Scalar.self, capacity: image.count) { original in
            _ = original.initialize(from: image)
            for channel in 0..<channels {
                for row in 0..<height {
                    let target = (channel * height + row) * width
                    let sourceRow = row + down
                    let isInside = sourceRow >= 0 && sourceRow < height
                    let source = (channel * height + sourceRow) * width + right
                    for column in 0..<width { image[target + column] = 0 }
                    guard isInside else { continue }
                    for column in first..<last {
                        image[target + column] = original[source + (isMirrored ? width - 1 - column : column)]
                    }
                }
            }
        }
    }
}
