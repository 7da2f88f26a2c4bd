import Foundation
import Landscape
import TestSupport
import Testing

/// Measures without a radius and of the spectrum's details, as a user runs them.
@Suite struct NewMeasureTests {
    private func object(_ result: [String: Any], _ key: String) throws -> [String: Any] {
        try #require(result[key] as? [String: Any], "\(key)")
    }
    private func number(_ object: [String: Any], _ key: String) throws -> Double {
        try #require(object[key] as? Double, "\(key)")
    }

    /// A vector beyond Float32's range has the numbers of the same one within it.
    @Test func productsOfTinyAndHugeVectors() throws {
        let folder = try Folder()
        try Tool.succeed("train --model mlp:64-12-10 --data digits --steps 5 --quiet", in: folder)
        try Tool.succeed("gradient --save g.npy --quiet --examples 100", in: folder)
        let gradient = try NPY.read(folder.path("g.npy")).doubles
        func product(_ scale: Double) throws -> (form: Double, norm: Double, vector: [Double]) {
            try folder.write(NumericArray(gradient.map { $0 * scale }), to: "v.npy")
            let line = "hessian --top 0 --along v.npy --save-product p.npy --examples 100"
            let along = try object(Tool.json(line, in: folder), "along")
            return try (number(along, "quadratic_form"), number(along, "norm"), NPY.read(folder.path("p.npy")).doubles)
        }
        let usual = try product(1)
        #expect(usual.norm > 0)
        for exponent in [-400, -150, -30, 30, 130, 400] {
            // Powers of two: nothing is rounded but by the reader of the JSON.
            let scale = Double(sign: .plus, exponent: exponent, significand: 1), found = try product(scale)
            #expect(abs(found.form / scale / scale / usual.form - 1) < 1e-14, "2^\(exponent)")
            #expect(abs(found.norm / scale / usual.norm - 1) < 1e-14, "2^\(exponent)")
            #expect(found.vector == usual.vector.map { $0 * scale }, "2^\(exponent)")
        }
    }

    @Test func sharpness() throws {
        let folder = try Folder()
        try Tool.succeed("train --model mlp:64-12-10 --data digits --epochs 2 --quiet", in: folder)
        let shared = "--examples 200 --precision double"
        let result = try Tool.json(
            "sharpness --measure critical,directional,fisher-rao,pac-bayes --samples 10 \(shared)", in: folder)
        let critical = try object(result, "critical"), rate = try number(critical, "rate")
        #expect(try abs(number(critical, "value") * rate - 2) < 1e-12)
        let bracket = try #require(critical["rate_bracket"] as? [Double])
        #expect(bracket[0] <= rate && rate <= bracket[1])
        #expect(try number(object(result, "fisher_rao"), "value") > 0)
        let noise = try object(result, "pac_bayes")
        #expect(try number(noise, "sigma") > 4 * number(noise, "standard_error") && number(noise, "increase") == 0.1)
        // The average case with that deviation is the increase.
        let average = try Tool.json(
            "sharpness --measure average --rho \(number(noise, "sigma")) --samples 10 \(shared)", in: folder)
        #expect(try abs(number(object(average, "average_case"), "value") - 0.1) < 2e-4)
        // The saved negative gradient is the default step; its curvature is that of hessian --along.
        try Tool.succeed("gradient --save g.npy --quiet \(shared)", in: folder)
        let gradient = try NPY.read(folder.path("g.npy")).doubles
        try folder.write(NumericArray(gradient.map { -$0 }), to: "d.npy")
        let along = try Tool.json("sharpness --measure critical,directional --along d.npy \(shared)", in: folder)
        #expect(try abs(number(object(along, "critical"), "value") / number(critical, "value") - 1) < 1e-9)
        let hessian = try object(Tool.json("hessian --top 0 --along d.npy \(shared)", in: folder), "along")
        let length = gradient.reduce(0) { $0 + $1 * $1 }
        let directional = try number(object(result, "directional"), "value")
        #expect(try abs(directional - number(hessian, "quadratic_form") / length) < 1e-9 * abs(directional))
        let words = try Tool.succeed("sharpness --measure critical,directional --along g.npy \(shared)", in: folder)
        #expect(words.output.contains("does not fall along the direction"))
    }

    @Test func spectrum() throws {
        let folder = try Folder()
        try Tool.succeed("train --model mlp:64-6-10 --data digits --epochs 2 --quiet", in: folder)
        let shared = "--examples 150 --precision double", parameters = 64 * 6 + 6 + 60 + 10
        let result = try Tool.json(
            "hessian --top 3 --trace --diagonal --save-diagonal d.npy --by-class --top-space --relative-flatness --noise --operator ggn --damping 0.1 --logdet 0.01 --probes \(parameters) \(shared)",
            in: folder)
        let diagonal = try NPY.read(folder.path("d.npy")).doubles, trace = try number(object(result, "trace"), "value")
        #expect(diagonal.count == parameters && diagonal.allSatisfy { $0 >= 0 })
        #expect(abs(diagonal.reduce(0, +) - trace) < 1e-9 * trace)
        let summary = try object(result, "diagonal")
        #expect(summary["exact"] as? Bool == true && (summary["layers"] as? [Any])?.count == 4)
        let classes = try #require(result["classes"] as? [[String: Any]])
        #expect(try classes.reduce(0) { try $0 + number($1, "examples") } == 150)
        let sum = try classes.reduce(0) { try $0 + number($1, "share") * number($1, "trace") }
        #expect(abs(sum - trace) < 1e-9 * trace)
        #expect(try 0...1 ~= number(object(result, "top_space"), "share"))
        #expect((result["relative_flatness"] as? [Any])?.count == 2)
        let determinant = try object(result, "logdet"), dimension = try number(determinant, "effective_dimension")
        #expect(0...Double(parameters) ~= dimension)
        let shift = Double(parameters) * log(0.01)
        #expect(try abs(number(determinant, "value") - number(determinant, "relative") - shift) < 1e-9 * abs(shift))
        let noise = try object(result, "noise")
        #expect(try number(noise, "tic") > 0 && number(noise, "residual") <= 1e-3)
        // tr Σ is the mean squared norm of the examples' gradients less that of the mean.
        let gradients = try Tool.json("gradient --by-example --save-norms n.npy \(shared)", in: folder)
        let norms = try NPY.read(folder.path("n.npy")).doubles, whole = try number(gradients, "gradient_norm")
        let square = norms.reduce(0) { $0 + $1 * $1 } / 150
        #expect(try abs(number(object(gradients, "by_example"), "mean_square") - square) < 1e-12 * square)
        let spread = try number(noise, "trace_sigma"), error = try number(noise, "trace_sigma_standard_error")
        #expect(norms.count == 150 && abs(square - whole * whole - spread) < 4 * error)
        let sampling = try object(
            Tool.json("hessian --top 0 --trace --examples 150 --sampling-error 4", in: folder), "sampling")
        #expect(try number(sampling, "lower") < number(sampling, "upper") && number(sampling, "total") == 1442)
        let table = try Tool.succeed(
            "hessian --top 2 --by-class --relative-flatness --diagonal --noise --top-space \(shared)", in: folder)
        for word in ["class", "relative flatness of", "diagonal", "tr(HΣ)", "of ‖g‖²"] {
            #expect(table.output.contains(word), "\(word)")
        }
    }

    /// Every row on an imported transformer, whichever exporter wrote it, and on a residual network of 20 layers with batch normalisation.
    @Test(arguments: ["vit_ts17", "vit_dynamo20", "text_ts17", "resnet20"]) func otherNetworks(_ model: String) throws {
        let folder = try Folder(), fixtures = Fixtures.folder.path + "/onnx"
        let isResidual = model == "resnet20", count = isResidual ? 20 : 6
        if isResidual {
            try Tool.succeed(
                "train --model resnet20 --data digits --examples 40 --epochs 1 --batch-size 20 --quiet", in: folder)
        } else {
            let data = model.split(separator: "_")[0]
            try Tool.succeed(
                "import \(fixtures)/\(model).onnx --data npy:\(fixtures)/\(data)_x.npy,\(fixtures)/\(data)_y.npy -o ckpt.bin",
                in: folder)
        }
        let shared = "--examples \(count)"
        let result = try Tool.json(
            "sharpness --measure critical,directional,fisher-rao,pac-bayes,learning-coefficient\(isResidual ? "" : ",symmetry-corrected") --samples 4 --chains 2 --draws 100 \(shared)",
            in: folder)
        #expect(try number(object(result, "critical"), "value") > 0)
        #expect(try number(object(result, "fisher_rao"), "value") > 0)
        #expect(try number(object(result, "pac_bayes"), "sigma") > 0)
        #expect(try (object(result, "learning_coefficient")["chains"] as? [Any])?.count == 2)
        if isResidual {
            let refused = try Tool.run(Tool.words("sharpness --measure symmetry-corrected \(shared)"), in: folder)
            #expect(refused.code == 2 && refused.errors.contains("has no attention by the names of its tensors"))
        } else {
            let corrected = try object(result, "symmetry_corrected")
            let curve = try Tool.succeed(
                "sharpness --measure symmetry-corrected --rho 0.01,0.05 -o curve.csv \(shared)", in: folder)
            #expect(try folder.text("curve.csv").hasPrefix("rho,symmetry_corrected") && !curve.output.isEmpty)
            #expect(try number(corrected, "heads") == 2 && (corrected["layers"] as? [Any])?.count == 2)
            #expect(try number(corrected, "lower_bound") > 0 && abs(number(corrected, "loss_change")) < 1e-5)
        }
        let spectrum = try Tool.json(
            "hessian --top 2 --diagonal --top-space --relative-flatness --noise --operator ggn --damping 0.1 --logdet 0.01 --probes 6 --by-class \(shared)",
            in: folder)
        for key in ["diagonal", "top_space", "relative_flatness", "noise", "logdet", "classes"] {
            #expect(spectrum[key] != nil, "\(key)")
        }
        #expect(try number(object(spectrum, "noise"), "tic") > 0)
        let norms = try Tool.json("gradient --by-example \(shared)", in: folder)
        #expect(try number(object(norms, "by_example"), "mean_square") > 0)
    }

    @Test func comparisons() throws {
        let folder = try Folder()
        try folder.makeFolder("runs")
        for seed in 0..<3 {
            try Tool.succeed(
                "train --model mlp:64-6-10 --data digits --epochs 1 --seed \(seed) --quiet -o runs/\(seed).bin",
                in: folder)
        }
        let result = try Tool.json(
            "compare runs/0.bin runs/1.bin --points 3 --examples 100 --measures lambda_max,critical,pac_bayes",
            in: folder)
        let rows = try #require(result["checkpoints"] as? [[String: Any]])
        for row in rows {
            for key in ["lambda_max", "critical", "pac_bayes", "pac_bayes_standard_error", "gradient_norm"] {
                #expect((row[key] as? Double)?.isFinite == true, "\(key)")
            }
            #expect(row["worst_case"] == nil && row["trace"] == nil && row["directional"] == nil)
        }
        // Rows of what is a table elsewhere.
        let shared = "--examples 100 --precision double"
        let tables = try Tool.json(
            "compare runs/0.bin runs/1.bin --points 3 --measures class_lambda_max,max_diagonal,empirical_fisher_trace,sampling_gap \(shared)",
            in: folder)
        let table = try #require((tables["checkpoints"] as? [[String: Any]])?.first)
        let norms = try Tool.json("gradient runs/0.bin --by-example \(shared)", in: folder)
        let square = try number(object(norms, "by_example"), "mean_square")
        #expect(try abs(number(table, "empirical_fisher_trace") - square) < 1e-12 * square)
        let spectrum = try Tool.json(
            "hessian runs/0.bin --top 1 --by-class --diagonal --save-diagonal d.npy --probes 460 \(shared)", in: folder)
        let classes = try #require(spectrum["classes"] as? [[String: Any]])
        let sharpest = classes.compactMap { ($0["eigenvalues"] as? [Double])?.first }.max() ?? .nan
        #expect(try abs(number(table, "class_lambda_max") - sharpest) < 1e-3 * sharpest)
        let largest = try NPY.read(folder.path("d.npy")).doubles.max()!, found = try number(table, "max_diagonal")
        #expect(found <= largest * (1 + 1e-9) && found > 0.8 * largest)
        #expect(try number(table, "sampling_gap") > 0 && number(table, "sampling_gap_standard_error") > 0)
        let alone = try Tool.json("sharpness runs/0.bin --measure critical --examples 100", in: folder)
        #expect(try number(object(alone, "critical"), "value") == rows[0]["critical"] as? Double)
        let study = try Tool.json(
            "study runs --examples 100 --samples 4 --measures fisher_rao,trace_h_sigma,weight_norm", in: folder)
        // An average that lies beside a run is none of its own.
        try folder.write(try folder.bytes("runs/0.bin"), to: "runs/0.ema.bin")
        let again = try Tool.json(
            "study runs --examples 100 --samples 4 --measures fisher_rao,trace_h_sigma,weight_norm", in: folder)
        #expect((again["runs"] as? [Any])?.count == 3 && (study["runs"] as? [Any])?.count == 3)
        let tau = try object(study, "kendall_tau")
        #expect(Set(tau.keys) == ["fisher_rao", "trace_h_sigma", "weight_norm"])
        let all = try Tool.json("study runs --examples 50 --samples 2 --measures all", in: folder)
        #expect(try object(all, "kendall_tau").count == 26)
    }
}
