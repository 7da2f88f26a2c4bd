import ArgumentParser
import Foundation
import Landscape

struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        "merge", "Joins the shards of 'slice --shard i/n' into one slice.",
        examples: [
            "landscape merge part1.npz part2.npz -o whole.npz",
            "landscape merge part1.npz part2.npz -o whole.png --log",
        ])

    @Argument(help: "The .npz files of all shards, in any order.", completion: .file()) var files: [String]
    @Option(
        name: .customShort("o"),
        help: .file("The whole slice: .npz, .json, .csv, .vti, .vtr, .png, .svg or .pdf. Repeatable."),
        completion: .file())
    var output: [String] = []
    @OptionGroup var figure: FigureOptions
    @OptionGroup var general: GeneralOptions

    func validate() throws {
        guard !output.isEmpty else {
            throw ValidationError("-o is missing: expected a file to write, such as -o all.npz")
        }
        for path in output {
            do { try PlainReport.checkFormat(of: path) } catch { throw ValidationError("-o: \(error)") }
        }
    }

    func run() throws {
        let started = Date()
        try ResultKeys(ResultKeys.slice(axes: 3, bothSplits: true)).check(general.keys)
        general.prepare("reading")
        for path in output { try OutputFile.checkWritable(path, apartFrom: files) }
        var whole = try SliceReport.merged(try files.map { ($0, try SliceReport(reading: $0)) })
        let isPlane = whole.slice.grid.dimension > 1
        let style = try figure.style(
            isPlane ? FigureStyle.Part.ofMaps : FigureStyle.Part.ofLines,
            on: isPlane ? "a map" : "a slice along one direction", writes: output)
        if let drawn = whole.figure, output.contains(where: OutputFile.isPicture) {
            for remark in try figure.remarks(style, on: drawn) { general.remark("warning: \(remark)") }
        }
        whole.context.seconds = Date().timeIntervalSince(started)
        let origin = try Origin(words: Array(LandscapeTool.arguments.dropFirst()))
        for path in output { try OutputFile.write(path) { try whole.write(to: $0, style: style, origin: origin) } }
        try general.print(whole.json, lines: whole.printed)
    }
}
