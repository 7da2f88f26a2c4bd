import Foundation
import TestSupport
import Testing

/// What a browser makes of the page is tested by Tests/report/report.py.
@Suite struct ReportCommandTests {
    /// One page with all pictures in it, and their data beside it.
    @Test func page() throws {
        let folder = try Folder(checkpoint: "a.bin")
        try Tool.succeed("train --model linear --data digits --epochs 1 --quiet -o b.bin", in: folder)
        let found = try Tool.json("report a.bin b.bin --examples 100 --points 9 --adaptive 0.1 -o out", in: folder)
        let files = try #require(found["files"] as? [String])
        #expect(files.allSatisfy { folder.exists($0) } && files.count == 3 * (1 + 2 * 4) + 1)
        #expect(files.last == "out/index.html")
        let page = try folder.text("out/index.html")
        // Planes and their difference, lines, sharpness, spectrum, and the losses of the trainings.
        #expect(page.matches(of: /<img width="\d+" alt="[^"]+" src="data:image\/(png|svg\+xml);base64,/).count >= 5)
        // Nothing is loaded, and every tag that is opened is closed.
        let addresses = page.matches(of: /https?:\/\/[^'"\s<]*/).map { String($0.0) }
        #expect(Set(addresses).isSubset(of: ["http://www.w3.org/2000/svg"]) && !page.contains("<link"))
        #expect(page.contains("default-src 'none'"))
        for tag in [
            "html", "head", "body", "h1", "h2", "h3", "pre", "p", "figure", "style", "title", "script", "table", "tr",
            "td", "th", "ul", "li", "section", "div", "span", "a", "dl", "dt", "dd", "details",
        ] {
            let opened = page.matches(of: try Regex("<\(tag)[ >]")).count
            #expect(opened == page.matches(of: try Regex("</\(tag)>")).count && opened > 0, "\(tag)")
        }
        for row in ["lambda_max", "worst_case", "critical", "directional", "keskar"] {
            #expect(page.contains("<tr data-key=\"\(row)\">"), "\(row)")
        }
        #expect(!page.contains("data-key=\"fisher_rao\""))
        try Tool.refuse("report nothing.bin -o other", in: folder, saying: "nothing.bin")
        try Tool.refuse("report a.bin -o a.bin", in: folder, saying: "it is a file")
        try Tool.refuse("report a.bin --rho -1", in: folder, saying: "--rho")
        #expect(try !folder.names().contains("other"))
    }

    /// Rows that are asked for, on the page and in the comparison, with the words that they need.
    @Test func measures() throws {
        let folder = try Folder(checkpoint: "a.bin")
        try Tool.succeed("train --model linear --data digits --epochs 1 --quiet -o b.bin", in: folder)
        try Tool.succeed("report a.bin b.bin --examples 50 --points 3 --measures all -o out --quiet", in: folder)
        let page = try folder.text("out/index.html")
        let asked = [
            "adaptive_worst_case", "fisher_rao", "pac_bayes", "trace_h_sigma", "symmetry_corrected",
            "learning_coefficient", "effective_dimension", "relative_flatness", "top_space",
            "class_lambda_max", "sampling_gap", "empirical_fisher_trace", "max_diagonal",
        ]
        let compared = try folder.text("out/compare.json")
        for row in asked {
            #expect(page.contains("<tr data-key=\"\(row)\">"), "\(row)")
            #expect(page.contains("<div id=\"term-\(row.replacing("_", with: "-"))\">"), "\(row)")
            #expect(compared.contains("\"\(row)\""), "\(row)")
        }
        try Tool.refuse("report a.bin --measures lambda_maxx", in: folder, saying: "did you mean 'lambda_max'")
    }

    /// The commands on the page are those that made the data: run again, they give the same numbers and the same pictures.
    @Test func commands() throws {
        let folder = try Folder(checkpoint: "a.bin")
        _ = try Tool.json("report a.bin --examples 100 --points 9 --adaptive 0.1 -o out", in: folder)
        let commands = try folder.text("out/index.html").matches(of: /<code>landscape ([^<]*)<\/code>/).map {
            String($0.1)
        }
        let parts = ["slice", "plane", "sharpness", "hessian"]
        try #require(commands.count == parts.count)
        #expect(
            commands[2].hasPrefix("sharpness a.bin --rho 0.0125,0.025,0.05,0.1,0.2 --measure all,critical,directional ")
        )
        for (part, command) in zip(parts, commands) {
            var saved = try #require(
                try JSONSerialization.jsonObject(with: Data(folder.bytes("out/a.\(part).json"))) as? [String: Any])
            var again = try Tool.json(command + " -o again.png", in: folder)
            for key in ["seconds", "figure", "provenance"] { (saved[key], again[key]) = (nil, nil) }
            #expect(saved as NSDictionary == again as NSDictionary, "landscape \(command)")
            #expect(try folder.bytes("out/a.\(part).png") == folder.bytes("again.png"), "landscape \(command)")
        }
    }

    /// A style applies to the picture files, to the page's still pictures and, as far as colours go, to its data; the commands on the page
    /// draw the same pictures.
    @Test func style() throws {
        let folder = try Folder(checkpoint: "a.bin")
        try folder.write(Array("font-size = 9\nsubtitle = \"of a paper\"\n".utf8), to: "paper.toml")
        let line = "report a.bin --examples 50 --points 9 --adaptive 0.1"
        _ = try Tool.json(line + " -o plain", in: folder)
        _ = try Tool.json(
            line
                + " --colors magma --theme dark --width 4in --dpi 100 --contours 5 --log --no-legend --font-family serif"
                + " --style paper.toml -o out", in: folder)
        let page = try folder.text("out/index.html"), plain = try folder.text("plain/index.html")
        #expect(page.contains("\"values\": [\"#000004\"") && plain.contains("\"values\": [\"#440154\""))
        #expect(page.contains("<img width=\"288\"") && !plain.contains("<img width=\"288\""))
        let commands = page.matches(of: /<code>landscape ([^<]*)<\/code>/).map { String($0.1) }
        for (part, command) in zip(["slice", "plane", "sharpness", "hessian"], commands) {
            #expect(command.contains("--colors magma") == (part == "plane"), "\(command)")
            #expect(!command.contains("font-family") && command.contains("--style paper.toml"))
            try Tool.succeed(command + " --quiet -o again.png", in: folder)
            #expect(try folder.bytes("out/a.\(part).png") == folder.bytes("again.png"), "landscape \(command)")
            #expect(try folder.bytes("plain/a.\(part).png") != folder.bytes("again.png"))
        }
        for option in ["--title T", "--subtitle T", "--x-label X", "--x-limits 0:1", "--value-range 0:1"] {
            try Tool.refuse("\(line) \(option) -o other", in: folder, saying: Tool.words(option)[0], "landscape plot")
        }
    }

    /// A page that another program wrote stays.
    @Test func foreignPage() throws {
        let folder = try Folder(checkpoint: "a.bin")
        try folder.makeFolder("site")
        try folder.write(Array("<!doctype html><title>My page</title>".utf8), to: "site/index.html")
        try Tool.refuse("report a.bin -o site", in: folder, saying: "index.html", "name another folder")
        let line = "report a.bin --examples 50 --points 3 --quiet -o out"
        try Tool.succeed(line, in: folder)
        try Tool.succeed(line, in: folder)
    }

    /// A comparison is of the numbers of the single results, so a quantity has one value.
    @Test func oneValueEach() throws {
        let folder = try Folder(checkpoint: "a.bin")
        try Tool.succeed("train --model linear --data digits --epochs 1 --quiet -o b.bin", in: folder)
        _ = try Tool.json("report a.bin b.bin --examples 100 --points 5 -o out", in: folder)
        func json(_ name: String) throws -> [String: Any] {
            try #require(
                try JSONSerialization.jsonObject(with: Data(folder.bytes("out/\(name).json"))) as? [String: Any])
        }
        let compared = try #require(try json("compare")["checkpoints"] as? [[String: Any]])
        for (row, name) in zip(compared, ["1-a", "2-b"]) {
            let curve = try #require(try json("\(name).sharpness")["curve"] as? [[String: Any]])
            let point = try #require(curve.first { $0["rho"] as? Double == 0.05 })
            let average = try #require(point["average_case"] as? [String: Any])
            let worst = try #require(point["worst_case"] as? [String: Any])
            #expect(row["average_case"] as? Double == average["value"] as? Double)
            #expect(row["worst_case"] as? Double == worst["lower_bound"] as? Double)
            let hessian = try json("\(name).hessian")
            #expect(row["lambda_max"] as? Double == (hessian["eigenvalues"] as? [Double])?.first)
            #expect(row["trace"] as? Double == (hessian["trace"] as? [String: Any])?["value"] as? Double)
        }
    }

    /// A folder stands for its last checkpoint, and adds the path of the training.
    @Test func trajectory() throws {
        let folder = try Folder()
        try FileManager.default.createDirectory(atPath: folder.path("run"), withIntermediateDirectories: true)
        try Tool.succeed(
            "train --model linear --data digits --epochs 3 --save-every 1 --quiet -o run/c.bin", in: folder)
        let found = try Tool.json("report run --examples 50 --points 5 -o out", in: folder)
        let files = try #require(found["files"] as? [String])
        #expect(files.contains("out/run.trajectory.json"))
        let page = try folder.text("out/index.html")
        #expect(page.contains("landscape trajectory run --points 5 --adaptive 0.02"))
        #expect(page.contains("landscape slice run/c.bin"))
        // One checkpoint spans no plane, which the page says.
        try FileManager.default.createDirectory(atPath: folder.path("one"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: folder.path("run/c.bin"), toPath: folder.path("one/c.bin"))
        _ = try Tool.json("report one --examples 50 --points 5 -o single", in: folder)
        #expect(try folder.text("single/index.html").contains("path of the training: left out: found 1 checkpoint"))
    }
}
