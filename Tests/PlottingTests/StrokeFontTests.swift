import Foundation
import Testing

@testable import Plotting

@Suite struct StrokeFontTests {
    static let font = StrokeFont.standard

    static func ink(_ line: TextLine, side: Double = 200) -> (left: Int, right: Int, top: Int, bottom: Int)? {
        PixelCanvas(Drawing(size: Size(width: side, height: side), elements: [.text(line)]), scale: 1).inkExtent
    }

    @Test func coversWhatReportsUse() {
        let needed = (32...126).map { Character(Unicode.Scalar(UInt8($0))) } + Array("λραβεθησμ∇‖·×±−≤≥∞–—…°√∈⊙→")
        let shifted = Array("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺₀₁₂₃₄₅₆₇₈₉")
        for character in needed + shifted {
            #expect(Self.font.characters.contains(character), "no glyph for \(character)")
        }
    }

    @Test func everyGlyphLeavesInkInItsPlace() throws {
        for character in Self.font.characters where character != " " && character != "\u{A0}" {
            let size = 60.0
            let line = TextLine(String(character), at: Point(60, 100), size: size)
            let ink = try #require(Self.ink(line), "\(character) is empty")
            #expect(
                Double(ink.left) >= 60 - 0.03 * size && Double(ink.right) <= 60 + line.width + 0.03 * size,
                "\(character)")
            #expect(Double(ink.top) >= 100 - 0.86 * size && Double(ink.bottom) <= 100 + 0.25 * size, "\(character)")
        }
    }

    @Test func glyphsDiffer() {
        var seen: [[UInt8]: Character] = [:]
        // µ (micro) and μ (mu), ∥ and ‖, and no-break space look alike on purpose.
        for character in Self.font.characters.sorted() where !"µ∥\u{A0}".contains(character) {
            let line = TextLine(String(character), at: Point(5, 30), size: 30)
            let canvas = PixelCanvas(Drawing(size: Size(width: 40, height: 45), elements: [.text(line)]), scale: 1)
            if let other = seen[canvas.bytes] { Issue.record("\(character) looks like \(other)") }
            seen[canvas.bytes] = character
        }
    }

    @Test func anchorsAndBaselines() throws {
        // H is symmetric, and its height is that of digits.
        func line(_ anchor: TextLine.Anchor, _ baseline: TextLine.Baseline, _ rotation: Double = 0) -> TextLine {
            TextLine("HHHH", at: Point(100, 100), size: 30, anchor: anchor, baseline: baseline, rotation: rotation)
        }
        let middle = try #require(Self.ink(line(.middle, .middle)))
        #expect(abs(Double(middle.left + middle.right) / 2 - 99.5) <= 1)
        #expect(abs(Double(middle.top + middle.bottom) / 2 - 99.5) <= 1)
        let start = try #require(Self.ink(line(.start, .alphabetic)))
        #expect(start.left >= 100 && start.left < 105 && start.bottom == 99)
        let end = try #require(Self.ink(line(.end, .top)))
        #expect(end.right < 100 && end.right > 95 && abs(end.top - 100) <= 1)
        let upwards = try #require(Self.ink(line(.start, .alphabetic, -90)))
        #expect(upwards.right == 99 && upwards.bottom < 100 && upwards.bottom > 95)
        #expect(upwards.bottom - upwards.top == start.right - start.left)
    }

    @Test func widthsAddUp() {
        func width(_ text: String) -> Double { Self.font.width(of: text, size: 10, weight: .regular) }
        #expect(abs(width("nnn") - 3 * width("n")) < 1e-12)
        #expect(width("To") < width("T") + width("o"))
        #expect(width("iii") < width("mmm"))
        #expect(width("") == 0)
        #expect(Self.font.width(of: "n", size: 10, weight: .bold) > width("n"))
        // Digits have one width, so that numbers in columns stand in line.
        #expect(Set("0123456789".map { width(String($0)) }).count == 1)
    }

    @Test func unknownCharactersFallBack() throws {
        func bytes(_ text: String) -> [UInt8] {
            PixelCanvas(
                Drawing(
                    size: Size(width: 60, height: 60), elements: [.text(TextLine(text, at: Point(5, 45), size: 40))]),
                scale: 1
            ).bytes
        }
        #expect(bytes("é") == bytes("e"))
        #expect(bytes("漢") == bytes("字"))
        #expect(bytes("漢") != bytes(" "))
    }

    @Test func longTextIsWrapped() {
        let text = "filter-normalised directions · seed 7 · 2048 training examples"
        let lines = TextLayout.wrapped(text, width: 120, size: 9)
        #expect(lines.count > 1 && lines.joined(separator: " ") == text)
        #expect(lines.allSatisfy { Self.font.width(of: $0, size: 9, weight: .regular) <= 120 })
        let cut = TextLayout.wrapped("Donaudampfschifffahrtsgesellschaft", width: 60, size: 9)
        #expect(cut.count == 1 && cut[0].hasSuffix("…"))
        #expect(Self.font.width(of: cut[0], size: 9, weight: .regular) <= 60)
        #expect(TextLayout.wrapped("", width: 60, size: 9).isEmpty)
    }
}
