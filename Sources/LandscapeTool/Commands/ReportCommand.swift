import ArgumentParser
import Foundation
import Landscape

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract:
            "Slices, sharpness and spectrum of one or more checkpoints as pictures, data, and one page that needs nothing else.",
        usage: "landscape report A [B …] -o DIR [OPTIONS]")

    @Option(name: .customShort("o"), help: "The folder to write; made where it is not there.") var folder = "report"
    @Option(help: "Radius of the worst case, and deviation of each coordinate in the average case.") var rho = 0.05
    @Option(help: "Points along each axis of the slice over a plane.") var points = 41
    @Option(help: "Its tolerance: a share of the range (see 'slice --adaptive').") var adaptive = 0.02
    @Option(help: "Data instead of those the checkpoints were trained on.") var data: String?
    @Option(help: "Only the first N examples.") var examples: Int?
    @Option(help: "Examples taken at once.") var batchSize: Int?
    @Option(help: "float or double.") var precision = "float"
    @Option(help: "Memory for the computation.") var memory = "1G"
    @Option(help: "Seed of everything random.") var seed: UInt64 = 0
    @Option(help: "stored, batch or recalibrate.") var batchnorm = BatchNormOption.stored
    @OptionGroup var general: GeneralOptions
    @Argument(help: "The checkpoints.", completion: .file()) var checkpoints: [String] = ["ckpt.bin"]

    /// What each analysis is given, besides its own.
    private var shared: [String] {
        var words = [
            "--seed", "\(seed)", "--precision", precision, "--memory", memory, "--batchnorm", batchnorm.rawValue,
        ]
        if let data { words += ["--data", data] }
        if let examples { words += ["--examples", "\(examples)"] }
        if let batchSize { words += ["--batch-size", "\(batchSize)"] }
        if let threads = general.threads { words += ["--threads", "\(threads)"] }
        return words
    }

    func validate() throws {
        guard points >= 2, points <= 1000 else { throw ValidationError("--points \(points): expected 2 to 1000") }
        guard rho > 0, rho.isFinite else {
            throw ValidationError("--rho \(rho): expected a positive radius, such as 0.05")
        }
    }

    func run() throws {
        general.prepare()
        let models = try checkpoints.map { try Model(path: $0) }
        try makeFolder()
        var files: [String] = []
        var page = WebPage(title: "Loss landscape of \(checkpoints.joined(separator: ", "))")
        page.blocks.append(
            .paragraph(
                "Made by \(Software.name). Under every heading stands the command that made what follows; its data lie beside this page. "
                    + "Sharpness values are increases over the loss. Weights of another scale change them without changing the function; no flatness is better by itself."
            ))
        if checkpoints.count > 1 {
            let command = ["compare"] + checkpoints + ["--rho", "\(rho)"]
            page.blocks += try section("All, side by side", command, "compare", &files)
        }
        for (index, checkpoint) in checkpoints.enumerated() {
            let model = models[index]
            let stem = (((checkpoint as NSString).lastPathComponent) as NSString).deletingPathExtension
            let name = checkpoints.count > 1 ? "\(index + 1)-\(stem)" : stem
            let splits = data == nil && model.metadata.data.testExamples != nil ? ["--both-splits"] : []
            page.blocks += try section(
                "\(checkpoint): along one direction", ["slice", checkpoint] + splits, name + ".slice", &files)
            page.blocks += try section(
                "\(checkpoint): over a plane",
                ["slice", checkpoint, "--dims", "2", "--points", "\(points)", "--adaptive", "\(adaptive)"],
                name + ".plane", &files)
            page.blocks += try section(
                "\(checkpoint): sharpness", ["sharpness", checkpoint, "--rho", "\(rho)", "--measure", "all"],
                name + ".sharpness", &files)
            let top = min(5, model.theta.count)
            page.blocks += try section(
                "\(checkpoint): spectrum of the Hessian",
                ["hessian", checkpoint, "--top", "\(top)", "--trace", "--density"], name + ".hessian", &files)
        }
        let index = (folder as NSString).appendingPathComponent("index.html")
        try AtomicFile.write(Array(page.html.utf8), to: index)
        files.append(index)
        let result = JSONValue.object([
            ("command", .string("report")), ("files", .array(files.map { .string($0) })),
        ])
        try StandardOutput.print(try general.text(result, ["\(files.count) files in \(folder); open \(index)"]))
    }

    private func makeFolder() throws {
        guard !folder.isEmpty else { throw UnusableRequest("-o: found an empty name, expected a folder to write to") }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) {
            guard isFolder.boolValue else { throw UnusableRequest("-o \(folder): it is a file; name a folder") }
        } else {
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            } catch {
                throw UnusableRequest("-o \(folder): cannot make this folder; name another place")
            }
        }
    }

    /// Runs a command as if it were typed, with its files in the folder, and shows what it printed and drew.
    private func section(_ heading: String, _ command: [String], _ name: String, _ files: inout [String]) throws
        -> [WebPage.Block]
    {
        let paths = ["png", "npz", "json"].map { (folder as NSString).appendingPathComponent("\(name).\($0)") }
        let words = command + shared
        let outputs = paths.flatMap { ["-o", $0] } + (general.quiet ? ["--quiet"] : [])
        if !general.quiet { Progress.say("landscape \(words.joined(separator: " "))") }
        let printed = try StandardOutput.captured {
            var command = try LandscapeTool.parseAsRoot(words + outputs)
            try command.run()
        }
        files += paths
        let picture = try FileContent.bytes(of: paths[0])
        return [
            .heading(heading), .printed("landscape " + words.joined(separator: " ")),
            .picture(png: picture, description: heading), .printed(printed),
        ]
    }
}
