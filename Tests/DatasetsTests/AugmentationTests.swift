import Testing

@testable import Datasets

@Suite struct AugmentationTests {
    @Test func movesAndMirrorsAsItsChoiceSays() {
        let shape = [2, 5, 6]
        let original = (1...60).map { Float($0) }
        let augmentation = Augmentation(padding: 2, seed: 7)
        var seen: Set<String> = []
        for example in 0..<500 {
            var image = original
            image.withUnsafeMutableBufferPointer {
                augmentation.apply(to: $0, shape: shape, epoch: 3, example: example)
            }
            let (down, right, isMirrored) = augmentation.choice(epoch: 3, example: example)
            seen.insert("\(down) \(right) \(isMirrored)")
            #expect(abs(down) <= 2 && abs(right) <= 2)
            for channel in 0..<2 {
                for row in 0..<5 {
                    for column in 0..<6 {
                        let (y, x) = (row + down, (isMirrored ? 5 - column : column) + right)
                        let isInside = (0..<5).contains(y) && (0..<6).contains(x)
                        let truth = isInside ? original[channel * 30 + y * 6 + x] : 0
                        #expect(image[channel * 30 + row * 6 + column] == truth)
                    }
                }
            }
        }
        // All 5 · 5 · 2 choices occur.
        #expect(seen.count == 50)
        let still = Augmentation(padding: 0, mirrors: false, seed: 1).choice(epoch: 0, example: 5)
        #expect(still.down == 0 && still.right == 0 && !still.isMirrored)
    }

    @Test func kinds() {
        #expect(AugmentationKinds("crop") == .crop && AugmentationKinds("flip") == .flip)
        #expect(AugmentationKinds("flip,crop") == .all && AugmentationKinds.all.description == "crop,flip")
        for text in ["", "crop,", "rotate", "true", "Crop"] { #expect(AugmentationKinds(text) == nil, "\(text)") }
        let cropped = Augmentation(.crop, shape: [3, 32, 32], seed: 1)
        #expect(cropped.padding == 4 && !cropped.mirrors)
        let flipped = Augmentation(.flip, shape: [1, 8, 8], seed: 1)
        #expect(flipped.padding == 0 && flipped.mirrors)
        #expect(Augmentation(.all, shape: [1, 8, 8], seed: 1).padding == 1)
        #expect(Augmentation(.all, shape: [1, 28, 28], seed: 1).padding == 4)
    }
}
