import ArrayFiles
import Foundation
import TestSupport
import Testing

/// Options of pictures that change no file are refused, and what draws nothing is said.
@Suite struct PictureOptionTests {
    @Test func formats() throws {
        let folder = try Folder(checkpoint: "a.bin")
        try Tool.succeed("slice a.bin --points 5x5 --examples 50 --quiet -o s.npz", in: folder)
        for line in [
            "plot s.npz", "plot s.npz -o s.pdf", "slice a.bin --points 3", "hessian a.bin -o h.png -o h.pdf",
            "sharpness a.bin -o s.eps",
        ] {
            try Tool.refuse(line + " --font-family serif", in: folder, saying: "--font-family", ".svg")
        }
        try Tool.succeed("plot s.npz --font-family serif --quiet -o s.pdf -o s.svg", in: folder)
        for ending in ["svg", "pdf", "eps", "pgf"] {
            try Tool.refuse("plot s.npz --dpi 300 -o s2.\(ending)", in: folder, saying: "--dpi", ".\(ending)", ".png")
        }
        // The picture beside the checkpoint is a .png.
        try Tool.succeed("slice a.bin --points 3 --examples 50 --title T --dpi 100", in: folder)
        // Pixels of a length are of this size.
        try Tool.succeed("plot s.npz --dpi 300 --width 900px --quiet -o s.svg", in: folder)
        try Tool.succeed("plot s.npz --dpi 300 --quiet -o s.png -o s.pdf", in: folder)
    }

    @Test(arguments: [
        "--width 3.25in", "--height 3in", "--font-size 8", "--dpi 100", "--theme dark", "--font-family serif",
        "--title T", "--subtitle T", "--x-label T", "--y-limits 0:1", "--no-legend", "--no-marks",
    ])
    func withoutPicture(_ option: String) throws {
        let folder = try Folder(checkpoint: "a.bin")
        let name = Tool.words(option)[0]
        for line in [
            "slice a.bin --points 3 --quiet", "slice a.bin --points 3 -o s.npz -o s.csv", "hessian a.bin -o h.json",
            "sharpness a.bin --quiet", "interpolate a.bin a.bin -o i.npz", "compare a.bin a.bin -o c.csv",
        ] {
            try Tool.refuse("\(line) \(option)", in: folder, saying: "\(name): no picture is written", ".png")
        }
    }

    /// A scale also says where an adaptive slice is refined, and a style file is for many pictures.
    @Test func exempt() throws {
        let folder = try Folder(checkpoint: "a.bin")
        try folder.write(Array("width = \"3in\"\nfont-family = \"serif\"\ndpi = 100\n".utf8), to: "paper.toml")
        let line = "slice a.bin --points 5 --examples 50 --quiet"
        try Tool.succeed(line + " --log -o s.npz", in: folder)
        try Tool.succeed(line + " --scale linear -o s.csv", in: folder)
        try Tool.succeed(line + " --style paper.toml -o s.json", in: folder)
        try Tool.succeed(line + " --style paper.toml -o s.pdf", in: folder)
    }

    @Test func nothingThere() throws {
        let folder = try Folder(checkpoint: "a.bin")
        try Tool.succeed("slice a.bin --points 9x9 --examples 50 --quiet -o s.npz", in: folder)
        try Tool.succeed("slice a.bin --points 9 --examples 50 --quiet -o line.npz", in: folder)
        try Tool.refuse("plot s.npz --contours 1e6,1e7", in: folder, saying: "--contours", "the values lie between")
        try Tool.refuse("plot s.npz --x-limits 5:6", in: folder, saying: "--x-limits 5:6", "between −1 and 1")
        try Tool.refuse("plot s.npz --y-limits -9:-8", in: folder, saying: "--y-limits", "between −1 and 1")
        try Tool.refuse("plot line.npz --x-limits 5:6", in: folder, saying: "--x-limits 5:6", "between −1 and 1")
        try Tool.refuse("plot s.npz --no-points", in: folder, saying: "--no-points")
        try Tool.refuse("plot line.npz --no-points", in: folder, saying: "--no-points")
        // The marks of eigenvalues under a density are no such points.
        try Tool.succeed("hessian a.bin --density --top 1 --examples 50 --quiet -o d.npz", in: folder)
        try Tool.refuse("plot d.npz --no-points", in: folder, saying: "--no-points")
        try Tool.succeed(
            "slice a.bin --points 21 --adaptive 0.1 --examples 50 --quiet -o adaptive.npz -o adaptive.svg", in: folder)
        try Tool.succeed("plot adaptive.npz --no-points --quiet -o bare.svg", in: folder)
        #expect(try folder.text("adaptive.svg").contains(">evaluated</text>"))
        #expect(try !folder.text("bare.svg").contains(">evaluated</text>"))
        // Some of several levels, and what was measured before it was known, is no reason to write nothing.
        let center = try NPZ.read(folder.path("s.npz")).array("loss").doubles
        let middle = ((center.min() ?? 0) + (center.max() ?? 0)) / 2
        let some = try Tool.succeed("plot s.npz --contours \(middle),1e6 -o p.png", in: folder)
        #expect(some.errors.contains("warning: contours 10⁶"), "\(some.errors)")
        let late = try Tool.succeed("slice a.bin --points 5x5 --examples 50 --contours 1e6,2e6 -o l.png", in: folder)
        #expect(late.errors.contains("warning: contours 10⁶, 2×10⁶") && folder.exists("l.png"), "\(late.errors)")
        // A style file is for many pictures.
        try folder.write(Array("contours = [1e6, 2e6]\nx-limits = \"5:6\"\n".utf8), to: "paper.toml")
        let style = try Tool.succeed("plot s.npz --style paper.toml -o p.png", in: folder)
        #expect(style.errors.contains("warning: x-limits 5:6"), "\(style.errors)")
    }

    @Test func nearestValues() throws {
        let folder = try Folder(checkpoint: "a.bin")
        for (option, suggestion) in [
            ("--colors viridiss", "did you mean 'viridis'?"), ("--colors viridis-r", "did you mean 'viridis_r'"),
            ("--theme drak", "did you mean 'dark'?"), ("--fill cell", "did you mean 'cells'?"),
            ("--scale linaer", "did you mean 'linear'?"), ("--contours non", "did you mean 'none'?"),
        ] {
            try Tool.refuse("slice a.bin --points 3x3 \(option)", in: folder, saying: suggestion)
        }
        try folder.write(Array("widht = \"3in\"\n".utf8), to: "paper.toml")
        try Tool.refuse(
            "slice a.bin --points 3 --style paper.toml", in: folder, saying: "paper.toml: widht", "did you mean 'width'"
        )
    }

    /// Curves whose α are different directions say so; different quantities are refused.
    @Test func overlays() throws {
        let folder = try Folder(checkpoint: "a.bin")
        try Tool.succeed("train --model mlp:64-32-10 --data digits --epochs 1 --seed 1 --quiet -o b.bin", in: folder)
        let line = "slice a.bin --points 5 --examples 50 --quiet"
        try Tool.succeed(line + " -o random.npz -o again.json", in: folder)
        try Tool.succeed(line + " --directions eigen -o eigen.npz", in: folder)
        try Tool.succeed("interpolate a.bin b.bin --examples 50 --points 5 --quiet -o between.npz", in: folder)
        try Tool.succeed("plot random.npz eigen.npz --quiet -o both.svg", in: folder)
        let both = try folder.text("both.svg")
        #expect(both.contains("α, each along its own direction") && both.contains("eigen: Loss along eigenvector 1"))
        try Tool.succeed("plot random.npz again.json --quiet -o same.svg", in: folder)
        #expect(try !folder.text("same.svg").contains("each along"))
        try Tool.refuse("plot random.npz between.npz", in: folder, saying: "'α'", "'t, from A to B'")
    }

    /// A file that lost its end is called that.
    @Test func cutJSON() throws {
        let folder = try Folder(checkpoint: "a.bin")
        try Tool.succeed("slice a.bin --points 5 --examples 50 --quiet -o s.json", in: folder)
        try folder.write(Array(folder.bytes("s.json").prefix(400)), to: "cut.json")
        try Tool.refuse("plot cut.json", in: folder, saying: "cut.json", "it ends early, after 400 bytes")
    }

    /// `info` names what is no checkpoint, and reads where a grid for ParaView comes from.
    @Test func foreignFiles() throws {
        let folder = try Folder(checkpoint: "a.bin")
        try Tool.succeed("slice a.bin --points 5 --examples 50 --quiet -o s.vti -o s.vtr -o s.csv", in: folder)
        for name in ["s.vti", "s.vtr"] {
            let told = try Tool.succeed("info \(name)", in: folder).output
            #expect(told.contains("a result of 'slice'") && told.contains("--points 5 --examples 50"), "\(told)")
        }
        try Tool.refuse("info s.csv", in: folder, saying: "a file of plain text", "expected a checkpoint")
        try folder.write([0x89] + Array("PNG\r\n\u{1A}\n".utf8) + [UInt8](repeating: 0, count: 40), to: "f.png")
        try Tool.refuse("info f.png", in: folder, saying: "a picture in PNG", "expected a checkpoint")
    }
}
