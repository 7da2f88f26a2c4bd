import Testing

@testable import Plotting

@Suite struct ColorMapTests {
    @Test(arguments: [ColorMap.viridis, .magma, .cividis]) func sequentialMapsGetSteadilyLighter(_ map: ColorMap) {
        #expect(map.colors.count == 256)
        let luminance = map.colors.map(\.luminance)
        // Rounding to 8 bits may lower single steps by less than a thousandth; over eight steps it must rise.
        for index in 8..<256 { #expect(luminance[index] > luminance[index - 8], "\(map.name) at \(index)") }
        #expect(luminance[255] - luminance[0] > 0.6)
    }

    @Test func anchorsAreHit() {
        #expect(ColorMap.viridis.color(at: 0) == Color(0x440154))
        #expect(ColorMap.viridis.color(at: 1) == Color(0xFDE725))
        #expect(ColorMap.cividis.color(at: 1) == Color(0xFFEA46))
        let grey = ColorMap(name: "grey", anchors: [0x000000, 0xFFFFFF])
        let middle = grey.color(at: 0.5)
        #expect(middle.red == middle.green && middle.green == middle.blue)
    }

    @Test func outsideIsClamped() {
        #expect(ColorMap.magma.color(at: -3) == ColorMap.magma.colors[0])
        #expect(ColorMap.magma.color(at: .infinity) == ColorMap.magma.colors[255])
        #expect(ColorMap.magma.color(at: .nan) == ColorMap.magma.colors[0])
    }

    @Test func divergingMapIsLightInTheMiddleAndBalanced() {
        let luminance = ColorMap.diverging.colors.map(\.luminance)
        #expect(luminance[127] > 0.85 && luminance[0] < 0.1 && luminance[255] < 0.1)
        for index in 8...127 { #expect(luminance[index] > luminance[index - 8]) }
        for index in 136..<256 { #expect(luminance[index] < luminance[index - 8]) }
        #expect(ColorMap.diverging.colors[10].blue > ColorMap.diverging.colors[10].red)
        #expect(ColorMap.diverging.colors[245].red > ColorMap.diverging.colors[245].blue)
    }

    @Test func paletteIsReadableOnWhite() {
        #expect(Set(Color.seriesPalette).count == Color.seriesPalette.count)
        for color in Color.seriesPalette { #expect(color.luminance < 0.5) }
        #expect(Color.white.luminance == 1 && Color.black.luminance == 0)
        #expect(Color(0x0A1B2C).hexText == "#0a1b2c")
    }
}
