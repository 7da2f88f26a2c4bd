import Foundation
import TestSupport
import Testing

/// What the pictures of the commands say, read from their SVG.
@Suite struct PictureTests {
    /// How often a text stands in a picture, as a line of its own.
    private static func count(_ text: String, in picture: String) -> Int {
        picture.components(separatedBy: ">\(text)</text>").count - 1
    }

    /// Lines in one frame by default, each named; with `--panels` a panel each, under one legend.
    @Test func compare() throws {
        let folder = try Folder(checkpoint: "a.bin")
        try folder.write(folder.bytes("a.bin"), to: "b.bin")
        let options = "--points 5 --examples 50 --quiet"
        try Tool.succeed("compare a.bin b.bin \(options) -o one.svg", in: folder)
        let one = try folder.text("one.svg")
        #expect(Self.count("a.bin", in: one) == 1 && Self.count("b.bin", in: one) == 1)
        #expect(one.components(separatedBy: "class=\"y-axis\"").count == 2)
        #expect(one.contains("stroke-dasharray"))
        try Tool.succeed("compare a.bin b.bin \(options) --panels -o two.svg", in: folder)
        let two = try folder.text("two.svg")
        #expect(two.components(separatedBy: "class=\"y-axis\"").count == 3)
        #expect(Self.count("train loss", in: two) == 1)
    }

    @Test func layers() throws {
        let folder = try Folder(checkpoint: "a.bin")
        try Tool.succeed("hessian a.bin --layers --examples 50 --quiet -o l.svg", in: folder)
        let picture = try folder.text("l.svg")
        #expect(picture.contains("class=\"bars-1\"") && Self.count("weight", in: picture) >= 2)
        #expect(Self.count("fc1", in: picture) == 1 && Self.count("fc2", in: picture) == 1)
    }

    @Test func views() throws {
        let folder = try Folder(checkpoint: "a.bin")
        try Tool.succeed("slice a.bin --points 5x5 --examples 50 --3d --quiet -o s.svg -o s.npz", in: folder)
        #expect(try folder.text("s.svg").contains("class=\"height-axis\""))
        try Tool.succeed("plot s.npz --3d --view 10,20 --quiet -o p.svg", in: folder)
        #expect(try folder.text("p.svg") != folder.text("s.svg"))
        try Tool.succeed("plot s.npz --view 10,20 --quiet -o implied.svg", in: folder)
        #expect(try folder.text("implied.svg").contains("class=\"height-axis\""), "--view means --3d")
        for view in ["10", "10,91", "10,-1", "x,20", "nan,20", "400,20", "1,2,3"] {
            try Tool.refuse("plot s.npz --3d --view \(view)", in: folder, saying: "--view \(view)", "40,30")
        }
        try Tool.refuse("slice a.bin --3d", in: folder, saying: "--3d", "slice along one direction")
    }
}
