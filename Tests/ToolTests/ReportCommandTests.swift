import Foundation
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
        // The commands shown are those that made it.
        #expect(page.contains("landscape sharpness a.bin --rho 0.05 --measure all"))
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(folder.bytes("out/1-a.slice.json"))) as? [String: Any])
        let alone = try Tool.json("slice a.bin --both-splits --examples 100 -o s.npz", in: folder)
        #expect(json["values"] as? [Double] == alone["values"] as? [Double])

        try Tool.refuse("report nothing.bin -o other", in: folder, saying: "nothing.bin")
        try Tool.refuse("report a.bin -o a.bin", in: folder, saying: "it is a file")
        try Tool.refuse("report a.bin --rho -1", in: folder, saying: "--rho")
        #expect(try !folder.names().contains("other"))
    }
}
