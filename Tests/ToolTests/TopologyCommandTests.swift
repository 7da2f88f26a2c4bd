import ArrayFiles
import Foundation
import TestSupport
import Testing

/// `topology`, and slices through space.
@Suite struct TopologyCommandTests {
    private struct Result: Decodable {
        struct Pair: Decodable {
            let birth: Double, death: Double?, minimum: [Double], saddle: [Double]?, parent: Int?, certain: Bool?
        }
        struct Distance: Decodable { let value: Double }
        struct Betti: Decodable { let levels: [Double], b0: [Int], b1: [Int]?, b2: [Int]? }
        struct Basins: Decodable { let count: Int, points: [Int] }
        struct LargestError: Decodable { let source: String, largest: Double }
        let shape: [Int], minima: Int, pairs: [Pair], smad: Distance, betti: Betti, basins: Basins
        let certain_minima: Int?, holes_count: Int, error: LargestError?, nonfinite: Int, command: String
        let persistence_range: Double?
    }

    /// A slice as a file of `slice` says it, of any values.
    private static func slice(_ axis: [Double], _ values: [[Double]], _ more: String = "") -> String {
        let rows = values.map { "[" + $0.map { $0.isFinite ? "\($0)" : "null" }.joined(separator: ",") + "]" }
        return """
            {"command": "slice", "model": "m", "data": "d", "examples": 1, "surface": {}, "alpha": \(axis),
            "beta": \(axis), "values": [\(rows.joined(separator: ","))]\(more)}
            """
    }

    private static let axis = (-20...20).map { Double($0) / 10 }
    private static let wells = axis.map { y in
        axis.map { x in (x * x - 1) * (x * x - 1) + (y * y - 1) * (y * y - 1) + 0.1 * x + 0.05 * y }
    }

    private func result(_ folder: Folder, _ name: String) throws -> Result {
        try JSONDecoder().decode(Result.self, from: Data(folder.bytes(name)))
    }

    @Test func fourWells() throws {
        let folder = try Folder()
        try folder.write(Array(Self.slice(Self.axis, Self.wells).utf8), to: "s.json")
        let outcome = try Tool.succeed(
            "topology s.json --levels 0,0.92,1.5 -o t.json -o t.npz -o t.csv -o t.vtr -o t.png", in: folder)
        #expect(outcome.output.contains("minima: 4, certain: 4; loops: 1, certain: 1; basins: 4"))
        let found = try result(folder, "t.json")
        #expect(
            found.command == "topology" && found.shape == [41, 41] && found.minima == 4 && found.certain_minima == 4)
        #expect(found.betti.b0 == [2, 3, 1] && found.betti.b1 == [0, 0, 1] && found.betti.b2 == nil)
        #expect(found.pairs[0].death == nil && found.pairs[0].minimum == [-1, -1] && found.pairs[1].parent == 0)
        #expect(abs(found.smad.value - 0.95) < 1e-12 && found.basins.points.reduce(0, +) == 41 * 41)
        #expect(found.error?.source == "estimate" && found.holes_count == 1)
        #expect(abs((found.persistence_range ?? 0) - 17.55) < 1e-12)
        let arrays = try NPZ.read(folder.path("t.npz"))
        #expect(try arrays.array("birth").doubles == found.pairs.map(\.birth))
        #expect(try arrays.array("basins").shape == [41, 41] && arrays.array("minimum").shape == [4, 2])
        #expect(try folder.text("t.csv").split(separator: "\n").count == 5)
        // Drawn again, the same picture.
        for name in ["t.npz", "t.json"] {
            try Tool.succeed("plot \(name) --quiet -o again.svg", in: folder)
            try Tool.succeed("topology s.json --levels 0,0.92,1.5 --quiet -o first.svg", in: folder)
            func drawn(_ name: String) throws -> String {
                try folder.text(name).replacing(/<metadata>[\s\S]*<\/metadata>/, with: "")
            }
            #expect(try drawn("again.svg") == drawn("first.svg"), "\(name)")
        }
        var pictures = Set<[UInt8]>()
        for picture in ["all", "tree", "barcode", "basins", "betti", "persistence"] {
            try Tool.succeed("topology s.json --picture \(picture) --quiet -o p.png", in: folder)
            pictures.insert(try folder.bytes("p.png"))
        }
        #expect(pictures.count == 6)
    }

    @Test func certaintyFollowsTheError() throws {
        let folder = try Folder()
        try folder.write(Array(Self.slice(Self.axis, Self.wells).utf8), to: "s.json")
        // Persistences are 0.9 twice and 0.95: half of them is 0.45 and 0.475.
        for (error, certain) in [("0", 4), ("0.44", 4), ("0.46", 2), ("0.48", 1)] {
            let found = try Tool.succeed("topology s.json --error \(error) --key certain_minima", in: folder)
            #expect(found.output == "\(certain)\n", "\(error)")
        }
        let kept = try Tool.succeed("topology s.json --threshold 0.92 --key basins.count --key minima", in: folder)
        #expect(kept.output == "2\n4\n")
        // What an adaptive slice states is its range times the share.
        let adaptive = #", "adaptive": {"tolerance": 0.1, "held_out": 59, "estimated_error": 0.025, "coverage": 0.95}"#
        try folder.write(Array(Self.slice(Self.axis, Self.wells, adaptive).utf8), to: "a.json")
        let stated = try Tool.succeed("topology a.json --key error.source --key certain_minima", in: folder)
        #expect(stated.output == "adaptive\n2\n")
    }

    @Test func refusals() throws {
        let folder = try Folder()
        try folder.write(Array(Self.slice([0, 1], [[1, 2], [3, 4]]).utf8), to: "s.json")
        let small = try Tool.succeed("topology s.json", in: folder)
        #expect(small.output.contains("error: not known"))
        try folder.write(Array(Self.slice([0, 1], [[.nan, .nan], [.nan, .nan]]).utf8), to: "n.json")
        try Tool.refuse("topology n.json", in: folder, saying: "none of the 4 values is finite")
        for (content, words) in [
            (#"{"alpha": [1], "values": [1]}"#, "surface"), ("[", "not whole JSON"), (#"{"values": 1}"#, "alpha"),
            (#"{"alpha": [1, 0], "values": [1, 2], "surface": {}}"#, "damaged"),
            (
                #"{"command": "s", "model": "m", "data": "d", "examples": 1, "surface": {}, "alpha": [0, 1], "values": [1]}"#,
                "for 2 points"
            ),
        ] {
            try folder.write(Array(content.utf8), to: "bad.json")
            let outcome = try Tool.run(["topology", "bad.json"], in: folder)
            #expect(outcome.code == 1 && !outcome.isKilled && outcome.errors.contains(words), "\(content)")
        }
        for (words, reason) in [
            ("s.txt", "saved slice"), ("s.json --error -1", "at least 0"), ("s.json --error nan", "at least 0"),
            ("s.json --threshold inf", "at least 0"), ("s.json --levels nan", "finite"),
            ("s.json --top 0", "1 to 1000"),
            ("s.json --picture tree", "no picture"), ("s.json -o t.bin", "-o"), ("s.json --key smed", "smad"),
            ("s.json --width 3in", "no picture"),
        ] {
            try Tool.refuse("topology \(words)", in: folder, saying: reason)
        }
    }

    @Test func slicesThroughSpace() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try Tool.succeed(
            "slice --dims 3 --points 5 --examples 50 --quiet -o s.npz -o s.json -o s.vti -o s.csv -o s.png", in: folder)
        let space = try NPZ.read(folder.path("s.npz"))
        #expect(try space.array("loss").shape == [5, 5, 5] && space.array("gamma").shape == [5])
        // The plane γ = 0 is the slice over two directions, to the last bit.
        try Tool.succeed("slice --dims 2 --points 5 --examples 50 --quiet -o p.npz", in: folder)
        let plane = try NPZ.read(folder.path("p.npz"))
        #expect(try Array(space.array("loss").doubles[50..<75]) == plane.array("loss").doubles)
        #expect(try space.array("direction_2").doubles == plane.array("direction_2").doubles)
        #expect(try space.array("curvature_hvp").doubles.count == 3)
        #expect(try folder.text("s.vti").contains("WholeExtent=\"0 4 0 4 0 4\""))
        #expect(try folder.text("s.csv").split(separator: "\n").count == 126)
        // Files say the same of it, and shards join to it.
        for name in ["s.npz", "s.json"] {
            try Tool.succeed("topology \(name) --quiet -o t.json -o t.vti -o t.png", in: folder)
            let found = try result(folder, "t.json")
            #expect(found.shape == [5, 5, 5] && found.betti.b2?.count == 51 && found.minima >= 1)
        }
        for part in 1...2 {
            try Tool.succeed(
                "slice --dims 3 --points 5 --examples 50 --shard \(part)/2 --quiet -o \(part).npz", in: folder)
        }
        try Tool.succeed("merge 1.npz 2.npz --quiet -o whole.npz", in: folder)
        #expect(try NPZ.read(folder.path("whole.npz")).array("loss").doubles == space.array("loss").doubles)
        try Tool.refuse("topology 1.npz", in: folder, saying: "merge")
        try Tool.refuse("topology s.npz --picture basins -o b.png", in: folder, saying: "space")
        for words in [
            "--dims 4", "--dims 3 --adaptive 0.1", "--dims 3 --planes 2", "--dims 2 --points 3x3x3",
            "--dims 3 --points 1000",
            "--points 3x3 --z-range=-1:1", "--dims 3 --points 3x3", "--points 100000x100000x100000", "--points 2x2x2x2",
        ] {
            try Tool.refuse("slice \(words)", in: folder, saying: "--")
        }
        try Tool.refuse("compare ckpt.bin ckpt.bin --dims 3", in: folder, saying: "--dims 2")
    }
}
