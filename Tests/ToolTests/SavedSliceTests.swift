import ArrayFiles
import Foundation
import TestSupport
import Testing

/// `plot` and `merge`: what is done with saved slices.
@Suite struct SavedSliceTests {
    /// What JSON says and what NPZ says are the same numbers.
    @Test func jsonIsExact() throws {
        struct Values: Decodable { let values: [Double] }
        let folder = try Folder(checkpoint: "ckpt.bin")
        try Tool.succeed("slice --points 101 --examples 50 --quiet -o s.npz -o s.json", in: folder)
        let json = try JSONDecoder().decode(Values.self, from: Data(folder.bytes("s.json")))
        #expect(try json.values == NPZ.read(folder.path("s.npz")).array("loss").doubles)
    }

    @Test func plots() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try Tool.succeed(
            "slice --points 9x7 --examples 100 --both-splits --quiet -o s.npz -o s.png -o s.json", in: folder)
        try Tool.succeed("slice --points 9x7 --examples 100 --quiet -o one.npz -o one.png", in: folder)
        try Tool.succeed("slice --points 9 --planes 2 --examples 100 --quiet -o line.npz -o line.png", in: folder)
        // Without options the same picture.
        for name in ["s", "one", "line"] {
            try Tool.succeed("plot \(name).npz --quiet -o again.png", in: folder)
            #expect(try Self.pixels(folder, "again.png") == Self.pixels(folder, "\(name).png"), "\(name)")
        }
        var pictures = Set<[UInt8]>()
        let options = [
            "", "--colors magma", "--log", "--contours none", "--contours 2.1,2.2", "--value-range 2:3",
            "--title Other", "--metric accuracy", "--3d", "--3d --log --colors cividis", "--view 30,20",
            "--colors viridis_r", "--contours 20", "--fill smooth", "--subtitle Other", "--x-label A", "--y-label B",
            "--x-limits -0.5:0.5", "--y-limits 0:1", "--no-legend", "--no-marks", "--theme dark",
            "--theme transparent", "--width 3.25in", "--height 3in", "--font-size 8", "--font-family serif",
        ]
        for option in options {
            try Tool.succeed("plot one.npz \(option) --quiet -o p.svg", in: folder)
            pictures.insert(try folder.bytes("p.svg"))
        }
        #expect(pictures.count == options.count)
        let outcome = try Tool.succeed("plot one.npz", in: folder)
        #expect(outcome.errors.contains("one.plot.png"))
        try Tool.refuse("plot nothing.npz", in: folder, saying: "nothing.npz")
        try Tool.refuse("plot one.npz -o p.json", in: folder, saying: ".png")
        for (option, words) in [
            ("--contours some", "levels"), ("--width 3", "3.25in"), ("--width nanin", "3.25in"), ("--dpi 1e9", "2400"),
            ("--theme blue", "dark"), ("--colors jet", "viridis"), ("--x-limits 1:0", "a < b"), ("--view 1", "azimuth"),
            ("--value-range 1", "a:b"), ("--log --scale linear", "one of them"), ("--contours 1000", "1 to 100"),
        ] {
            try Tool.refuse("plot one.npz \(option)", in: folder, saying: Tool.words(option).first!, words)
        }
        // What cannot be drawn together.
        try Tool.refuse("plot line.npz --log --y-limits 0:5", in: folder, saying: "above 0")
        try Tool.refuse("plot one.npz --log --value-range 0:5", in: folder, saying: "above 0")
        try Tool.refuse("plot one.npz --3d --x-limits 0:1", in: folder, saying: "drawn whole")
        try Tool.refuse("plot one.npz --width 36pt", in: folder, saying: "--font-size")
        try Tool.refuse("plot line.npz line.npz", in: folder, saying: "named twice")
        try Tool.refuse("train --model linear --data digits -o a.png", in: folder, saying: "checkpoint")
        for option in ["--3d", "--colors magma", "--contours 5", "--fill cells", "--view 10,10"] {
            try Tool.refuse("plot line.npz \(option)", in: folder, saying: "changes nothing")
            try Tool.refuse("slice --points 3 \(option)", in: folder, saying: "changes nothing")
        }
        try Tool.refuse("plot ckpt.bin", in: folder)
        try Tool.succeed("sharpness --restarts 0 --steps 1 --examples 100 --quiet -o other.npz", in: folder)
        // Every result with a picture can be drawn again, also from JSON, and curves over each other.
        try Tool.succeed("plot other.npz -o other.pdf -o other.eps -o other.pgf", in: folder)
        try Tool.succeed("slice --points 5 --examples 100 --quiet -o line.json -o again.npz", in: folder)
        try Tool.succeed("plot line.json --theme dark -o line.svg", in: folder)
        try Tool.succeed("plot line.json again.npz -o both.svg", in: folder)
        #expect(try folder.text("both.svg").contains("again: loss"))
        try Tool.refuse("plot line.json other.npz", in: folder, saying: "quantity")
        try Tool.refuse("plot line.json one.npz", in: folder, saying: "one.npz is no curve")
        // Arrays that do not fit together.
        let archive = try NPZ.read(folder.path("one.npz"))
        try NPZ.write(
            [
                ("loss", .array(NumericArray([1.0, 2]))), ("alpha", .array(try archive.array("alpha"))),
                ("curvature_hvp", .array(NumericArray([1.0]))),
                ("metadata", .text(try archive.text("metadata"))),
            ], to: folder.path("bad.npz"))
        try Tool.refuse("plot bad.npz", in: folder, saying: "bad.npz", "damaged")
        try NPZ.write(
            [
                ("loss", .array(NumericArray([1.0, 2]))), ("alpha", .array(NumericArray([1.0, 0]))),
                ("curvature_hvp", .array(NumericArray([1.0]))), ("metadata", .text("{}")),
            ], to: folder.path("bad.npz"))
        try Tool.refuse("plot bad.npz", in: folder, saying: "bad.npz", "metadata")
    }

    /// Pixels are what the file holds before its texts.
    private static func pixels(_ folder: Folder, _ name: String) throws -> [UInt8] {
        let bytes = try folder.bytes(name)
        let start = try #require(bytes.firstRange(of: Array("IDAT".utf8)))
        return Array(bytes[start.lowerBound...])
    }

    @Test func merges() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let line = "slice --points 7x5 --examples 100 --both-splits --quiet"
        try Tool.succeed(line + " -o whole.npz", in: folder)
        for i in 1...3 { try Tool.succeed(line + " --shard \(i)/3 -o part\(i).npz", in: folder) }
        let merged = try Tool.json("merge part3.npz part1.npz part2.npz -o all.npz -o all.png", in: folder)
        #expect(merged["evaluations"] as? Int == 35)
        #expect((merged["seconds"] as? Double ?? 0) > 0)
        let (whole, all) = (try NPZ.read(folder.path("whole.npz")), try NPZ.read(folder.path("all.npz")))
        #expect(whole.names == all.names)
        for name in whole.names where !["metadata", "figure"].contains(name) {
            #expect(try whole.array(name) == all.array(name), "\(name)")
        }
        let metadata = try #require(
            try JSONSerialization.jsonObject(with: Data(whole.text("metadata").utf8)) as? [String: Any])
        for key in ["values", "center", "cosine", "curvature_hvp", "curvature_grid", "nonfinite"] {
            #expect("\(merged[key] ?? 0)" == "\(metadata[key] ?? 1)", "\(key)")
        }
        try Tool.refuse("merge part1.npz part3.npz -o b.npz", in: folder, saying: "all shards", "12 of 35")
        try Tool.refuse("merge part1.npz -o b.npz", in: folder, saying: "at least two")
        try Tool.refuse("merge part1.npz part2.npz", in: folder, saying: "-o")
        try Tool.refuse("plot part1.npz", in: folder, saying: "merge")
        try Tool.succeed(line + " --seed 1 --shard 2/3 -o other.npz", in: folder)
        try Tool.refuse("merge part1.npz other.npz part3.npz -o b.npz", in: folder, saying: "other.npz", "directions")
        try Tool.succeed(line + " --examples 90 --shard 2/3 -o fewer.npz", in: folder)
        try Tool.refuse("merge part1.npz fewer.npz part3.npz -o b.npz", in: folder, saying: "fewer.npz")
    }
}
