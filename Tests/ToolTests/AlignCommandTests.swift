import Foundation
import Landscape
import TestSupport
import Testing

@Suite struct AlignCommandTests {
    /// A shuffled copy of a network: the program's own, and imported ones from both exporters.
    @Test(arguments: [
        "mlp", "vit_ts17", "vit_dynamo20", "text_ts17", "mobilenet_ts17", "resnet18_ts17", "conv1d_ts17", "lstm_ts17",
        "lstm_fixed1",
    ])
    func shuffled(_ name: String) throws {
        let folder = try Folder(), fixtures = Fixtures.folder.path + "/onnx"
        if name == "mlp" {
            try Tool.succeed("train --model mlp:64-16-8-10 --data digits --epochs 1 --quiet -o a.bin", in: folder)
        } else {
            let data = name.split(separator: "_")[0]
            try Tool.succeed(
                "import \(fixtures)/\(name).onnx --data npy:\(fixtures)/\(data)_x.npy,\(fixtures)/\(data)_y.npy -o a.bin",
                in: folder)
        }
        let model = try Model.open(folder.path("a.bin")), symmetry = PermutationSymmetry(of: model.network)
        #expect(!symmetry.dimensions.isEmpty, "\(symmetry.fixed)")
        let orders = symmetry.dimensions.enumerated().map {
            RandomNumbers(seed: 3).named("\($0)").permutation($1.size)
        }
        let (theta, buffers) = symmetry.permuted(model.theta, model.buffers, by: orders)
        try Model.checkpoint(model.network, theta: theta, buffers: buffers, metadata: model.metadata).write(
            to: folder.path("b.bin"))
        let result = try Tool.json("align a.bin b.bin -o c.bin", in: folder)
        #expect(result["distance"] as? Double == 0 && result["output_change"] as? Double ?? 1 < 1e-12)
        #expect(try #require(result["distance_before"] as? Double) > 0.1)
        #expect(try Model.open(folder.path("c.bin")).theta == model.theta)
        let losses = try ["loss_before", "loss"].map { try #require(result[$0] as? Double) }
        #expect(abs(losses[0] - losses[1]) < 1e-5 * losses[0])
        // By activations, too.
        let other = try Tool.json("align a.bin b.bin --by activations -o d.bin", in: folder)
        let correlations = try ["correlation_before", "correlation"].map { try #require(other[$0] as? Double) }
        #expect(other["kind"] as? String == "activations" && correlations[1] > correlations[0] + 0.1)
        #expect(other["output_change"] as? Double ?? 1 < 1e-12)
        #expect(other["distance"] as? Double == 0)
        // Half way to the shuffled one is another function.
        let line = try Tool.json("interpolate a.bin b.bin --points 3", in: folder)
        let values = try #require(line["values"] as? [Double])
        #expect(abs(values[1] - values[0]) > 1e-4 && abs(values[2] - values[0]) < 1e-5 * values[0])
        let refused = try Tool.run(
            Tool.words("interpolate a.bin b.bin --align weights --points 3"), in: folder)
        #expect(refused.code == 2 && refused.errors.contains("hold the same weights"))
    }

    /// The mean of two networks with batch normalisation: θ, statistics that are measured anew, losses as evaluate has them.
    /// Three networks span a plane, with their mean at its origin: the same mean that the plane through the three names.
    @Test func averagePlane() throws {
        let folder = try Folder()
        for seed in 0..<3 {
            try Tool.succeed(
                "train --model mlp:64-8-10 --data digits --epochs 2 --seed \(seed) --quiet -o \(seed).bin", in: folder)
        }
        let result = try Tool.json("average 0.bin 1.bin 2.bin -o mean.bin --examples 200", in: folder)
        let parts = try #require(result["parts"] as? [[String: Any]])
        let places = try parts.map { try #require($0["coordinates"] as? [Double]) }
        for axis in 0..<2 { #expect(abs(places.reduce(0) { $0 + $1[axis] }) < 1e-6) }
        for (part, place) in zip(parts, places) {
            let distance = try #require(part["distance"] as? Double), away = part["distance_to_plane"] as? Double
            #expect(
                abs((place[0] * place[0] + place[1] * place[1]).squareRoot() - distance) < 1e-5 && (away ?? 1) < 1e-6)
        }
        #expect(((result["explained_variance"] as? [Double])?.reduce(0, +)).map { abs($0 - 1) < 1e-9 } == true)
        let plane = try Tool.json("interpolate 0.bin 1.bin 2.bin --points 3 --examples 200 -o p.png", in: folder)
        let mean = try #require(plane["mean"] as? [String: Any]),
            corners = try #require(plane["checkpoints"] as? [[String: Any]])
        let loss = try #require(mean["loss"] as? Double), own = try #require(result["train_loss"] as? Double)
        #expect(abs(loss - own) < 1e-5 * own)
        for axis in 0..<2 {
            let sum = corners.reduce(0.0) { $0 + (($1["coordinates"] as? [Double])?[axis] ?? .nan) }
            #expect(abs(sum / 3 - ((mean["coordinates"] as? [Double])?[axis] ?? .nan)) < 1e-9)
        }
        let pair = try Tool.json("average 0.bin 1.bin -o mean.bin --examples 50", in: folder)
        #expect(pair["explained_variance"] is NSNull)
    }

    @Test func average() throws {
        let folder = try Folder()
        for seed in 0..<2 {
            try Tool.succeed(
                "train --model resnet8 --data digits --examples 60 --epochs 2 --seed 0 --lr 0.0\(seed + 1) --quiet -o \(seed).bin",
                in: folder)
        }
        let result = try Tool.json("average 0.bin 1.bin -o mean.bin", in: folder)
        let models = try ["0.bin", "1.bin", "mean.bin"].map { try Model.open(folder.path($0)) }
        let mean = zip(models[0].theta, models[1].theta).map { Double(Float(0.5 * $0 + 0.5 * $1)) }
        #expect(models[2].theta == mean)
        #expect(models[2].buffers != models[0].buffers && models[2].buffers != models[1].buffers)
        let evaluated = try Tool.json("evaluate mean.bin", in: folder)
        #expect(evaluated["loss"] as? Double == result["train_loss"] as? Double)
        // Measured anew at these weights, they stay.
        let again = try Tool.json("evaluate mean.bin --batchnorm recalibrate", in: folder)
        let losses = try [again, evaluated].map { try #require($0["loss"] as? Double) }
        #expect(abs(losses[0] - losses[1]) < 1e-5 * losses[0])
        let parts = try #require(result["parts"] as? [[String: Any]])
        let first = try Tool.json("evaluate 0.bin --split test", in: folder)
        #expect(parts.count == 2 && parts[0]["test_loss"] as? Double == first["loss"] as? Double)
        let distances = try parts.map { try #require($0["distance"] as? Double) }
        let between = try #require((result["distances"] as? [[Double]])?[0][1])
        #expect(abs(distances[0] - between / 2) < 1e-5 * between && abs(distances[1] - between / 2) < 1e-5 * between)
        try Tool.refuse(
            "train --resume -o mean.bin --model resnet8 --data digits --examples 60 --lr 0.01 --epochs 2", in: folder,
            saying: "made of a training's")
        try Tool.succeed("train --model linear --data digits --epochs 1 --quiet -o l.bin", in: folder)
        try Tool.refuse("average 0.bin l.bin -o m.bin", in: folder, saying: "expected the tensors of 0.bin")
        try Tool.refuse("average 0.bin -o m.bin", in: folder, saying: "at least two")
    }

    @Test func line() throws {
        let folder = try Folder()
        for seed in 0..<2 {
            try Tool.succeed(
                "train --model mlp:64-16-8-10 --data digits --epochs 3 --seed \(seed) --quiet -o \(seed).bin",
                in: folder)
        }
        let plain = try Tool.json("interpolate 0.bin 1.bin --points 11", in: folder)
        let aligned = try Tool.json("interpolate 0.bin 1.bin --points 11 --align weights", in: folder)
        let members = try #require(aligned["alignment"] as? [String: Any])
        #expect(members["kind"] as? String == "weights" && members["units"] as? Int == 24)
        let distances = try [members["distance_before"], aligned["distance"], plain["distance"]].map {
            try #require($0 as? Double)
        }
        #expect(distances[0] == distances[2] && distances[1] < 0.95 * distances[0])
        #expect(try #require(aligned["barrier"] as? Double) < (try #require(plain["barrier"] as? Double)))
        let active = try Tool.json(
            "interpolate 0.bin 1.bin --points 11 --align activations --align-examples 200 --align-refine 60 --examples 200",
            in: folder)
        let matched = try #require(active["alignment"] as? [String: Any])
        #expect(matched["kind"] as? String == "activations" && matched["examples"] as? Int == 200)
        let refinement = try #require(matched["refinement"] as? [String: Any])
        let half = try ["loss_before", "loss"].map { try #require(refinement[$0] as? Double) }
        // Half way is where the straight line has its middle.
        #expect(half[1] <= half[0])
        let middle = try #require((active["values"] as? [Double])?[5])
        #expect(abs(middle - half[1]) < 1e-5 * middle)
        // The same bits with one thread, and from the command that writes the network.
        let line = "align 0.bin 1.bin --by activations --align-examples 200 --align-refine 60 -o"
        for (threads, name) in [(1, "one.bin"), (3, "three.bin")] {
            let result = try Tool.json("\(line) \(name) --threads \(threads)", in: folder)
            #expect(result["correlation"] as? Double == matched["correlation"] as? Double)
            #expect(result["distance"] as? Double == active["distance"] as? Double)
        }
        #expect(try folder.bytes("one.bin") == folder.bytes("three.bin"))
        // A shuffled copy of a trained network stays found: nothing half way is better than the network.
        let model = try Model.open(folder.path("0.bin")), symmetry = PermutationSymmetry(of: model.network)
        let orders = symmetry.dimensions.map { RandomNumbers(seed: 3).permutation($0.size) }
        let theta = symmetry.permuted(model.theta, model.buffers, by: orders).theta
        try Model.checkpoint(model.network, theta: theta, buffers: [], metadata: model.metadata).write(
            to: folder.path("s.bin"))
        #expect(
            try Tool.json("align 0.bin s.bin --align-refine 40 -o t.bin", in: folder)["distance"] as? Double == 0)
        // Variances half way are corrected, and the ends stay.
        let repaired = try Tool.json("interpolate 0.bin 1.bin --points 11 --repair", in: folder)
        #expect(repaired["repair"] as? Bool == true && plain["repair"] == nil)
        let values = try [plain, repaired].map { try #require($0["values"] as? [Double]) }
        #expect(values[0][0] == values[1][0] && values[0][10] == values[1][10] && values[1][5] < values[0][5])
        try Tool.refuse("interpolate 0.bin 1.bin 0.bin --repair", in: folder, saying: "--repair")
        for (options, words) in [
            ("--align-examples 5", "--align activations"), ("--align-refine 5", "without --align"),
            ("--align weights --align-lr 1", "--align-refine"), ("--align weights --align-examples 5", "no effect"),
            ("--align activations --align-examples 1", "at least 2"),
        ] {
            try Tool.refuse("interpolate 0.bin 1.bin \(options)", in: folder, saying: words)
        }
        try Tool.refuse("align 0.bin 1.bin --align-examples 5 -o m.bin", in: folder, saying: "--by activations")
        try Tool.refuse("interpolate 0.bin 1.bin 0.bin --align weights", in: folder, saying: "--align")
        try Tool.succeed("train --model linear --data digits --epochs 1 --quiet -o l.bin", in: folder)
        try Tool.refuse("align l.bin l.bin -o m.bin", in: folder, saying: "nothing to align")
        try Tool.refuse("align 0.bin l.bin -o m.bin", in: folder, saying: "expected the tensors of 0.bin")
    }
}
