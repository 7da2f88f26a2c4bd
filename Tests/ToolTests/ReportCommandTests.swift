import Foundation
import TestSupport
import Testing

@Suite struct ReportCommandTests {
    /// One page with all pictures in it, and their data beside it.
    @Test func page() throws {
        let folder = try Folder(checkpoint: "a.bin")
        try Tool.succeed("train --model linear --data digits --epochs 1 --quiet -o b.bin", in: folder)
        let found = try Tool.json("report a.bin b.bin --examples 100 --points 9 --adaptive 0.1 -o out", in: folder)
        let files = try #require(found["files"] as? [String])
        #expect(files.allSatisfy { folder.exists($0) } && files.count == 3 * (1 + 2 * 4) + 1)
        let page = try folder.text("out/index.html")
        #expect(page.matches(of: /<img width="\d+" alt="[^"]+" src="data:image\/png;base64,iVBOR/).count == 9)
        // Nothing is loaded, and every tag that is opened is closed.
        #expect(!page.contains("http") && !page.contains("<script") && !page.contains("<link"))
        for tag in ["html", "head", "body", "h1", "h2", "pre", "p", "figure", "style", "title"] {
            let opened = page.matches(of: try Regex("<\(tag)[ >]")).count
            #expect(opened == page.matches(of: try Regex("</\(tag)>")).count && opened > 0, "\(tag)")
        }
        // The pictures on the page are those beside it, in order, and the commands shown are those that made it: run again, they give
        // the same numbers and the same pictures.
        let parts =
            ["compare"]
            + ["1-a", "2-b"].flatMap { name in ["slice", "plane", "sharpness", "hessian"].map { "\(name).\($0)" } }
        let pictures = page.matches(of: /base64,([^"]*)"/).compactMap { Data(base64Encoded: String($0.1)) }
        let commands = page.matches(of: /<pre>landscape ([^<]*)<\/pre>/).map { String($0.1) }
        try #require(pictures.count == parts.count && commands.count == parts.count)
        #expect(commands[3].hasPrefix("sharpness a.bin --rho 0.05 --measure all "))
        for (part, (command, picture)) in zip(parts, zip(commands, pictures)) {
            #expect(try Array(picture) == folder.bytes("out/\(part).png"), "\(part).png is another picture on the page")
            var saved = try #require(
                try JSONSerialization.jsonObject(with: Data(folder.bytes("out/\(part).json"))) as? [String: Any])
            var again = try Tool.json(command + " -o again.png", in: folder)
            (saved["seconds"], again["seconds"]) = (nil, nil)
            #expect(saved as NSDictionary == again as NSDictionary, "landscape \(command)")
            #expect(try Array(picture) == folder.bytes("again.png"), "landscape \(command)")
        }

        try Tool.refuse("report nothing.bin -o other", in: folder, saying: "nothing.bin")
        try Tool.refuse("report a.bin -o a.bin", in: folder, saying: "it is a file")
        try Tool.refuse("report a.bin --rho -1", in: folder, saying: "--rho")
        #expect(try !folder.names().contains("other"))
    }
}
