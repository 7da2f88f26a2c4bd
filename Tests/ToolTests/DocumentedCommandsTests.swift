import Foundation
import Testing

/// What the README tells people to type works as typed.
@Suite struct DocumentedCommandsTests {
    /// The lines of all blocks marked as shell, in order.
    static func shellLines(_ text: String) -> [String] {
        var lines: [String] = [], isInside = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isInside = line == "```sh"
            } else if isInside, !line.isEmpty {
                lines.append(String(line))
            }
        }
        return lines
    }

    @Test func readme() throws {
        let text = try String(contentsOf: Tool.package.appending(path: "README.md"), encoding: .utf8)
        let lines = Self.shellLines(text)
        #expect(lines.count >= 6)
        let folder = try Folder()
        for line in lines {
            if line.hasPrefix("landscape ") {
                try Tool.succeed(String(line.dropFirst("landscape ".count)) + " --quiet", in: folder)
            } else {
                // The scripts build the package: .ci/run runs them, and here it is enough that they are there.
                let script = Tool.package.appending(path: Tool.words(line)[0]).path
                #expect(FileManager.default.isExecutableFile(atPath: script), "\(line): no such script")
            }
        }
        for (name, magic) in [
            ("slice.png", [0x89, 0x50, 0x4E, 0x47]), ("slice.npz", [0x50, 0x4B]), ("ckpt.sharpness.png", [0x89]),
        ] {
            #expect(try folder.bytes(name).starts(with: magic.map(UInt8.init)))
        }
    }

    /// Every option that docs/commands.md names exists, and every command's options are there.
    @Test(arguments: [
        "train", "import", "export", "evaluate", "gradient", "slice", "sharpness", "hessian", "trajectory",
        "interpolate",
        "compare", "report", "plot", "merge", "study", "selftest",
    ])
    func options(
        _ command: String
    ) throws {
        let page = try String(contentsOf: Tool.package.appending(path: "docs/commands.md"), encoding: .utf8)
        let help = try Tool.succeed("\(command) --help", in: try Folder()).output
        for match in help.matches(of: /\n  (?:-o|(--[a-z0-9-]+))/) {
            guard let option = match.1, !["--version", "--help"].contains(option) else { continue }
            #expect(page.contains(option), "docs/commands.md does not have \(option) of \(command)")
        }
    }

    /// Options of all commands that pages show in blocks of their own are there.
    @Test func commandsOfPages() throws {
        let docs = Tool.package.appending(path: "docs"), folder = try Folder()
        var help: [String: String] = [:], count = 0
        for page in try FileManager.default.contentsOfDirectory(atPath: docs.path).filter({ $0.hasSuffix(".md") }) {
            let text = try String(contentsOf: docs.appending(path: page), encoding: .utf8)
                .replacingOccurrences(of: "\\\n", with: " ")
            for line in text.split(separator: "\n") where line.hasPrefix("landscape ") {
                let words = Tool.words(String(line)), command = words[1]
                help[command] = try help[command] ?? Tool.succeed("\(command) --help", in: folder).output
                for option in words where option.hasPrefix("-") && option.dropFirst().first?.isNumber == false {
                    #expect(
                        help[command]?.firstMatch(of: try Regex("\\n  (-o, )?\(option)[ ,\n]")) != nil,
                        "docs/\(page): \(line): \(command) has no \(option)")
                }
                count += 1
            }
        }
        #expect(count >= 15)
    }

    /// Commands of docs/onnx.md, on a network of the fixtures.
    @Test func onnxPage() throws {
        let text = try String(contentsOf: Tool.package.appending(path: "docs/onnx.md"), encoding: .utf8)
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("landscape ") }
        #expect(lines.count >= 3)
        let folder = try Folder(), digits = Tool.package.appending(path: "Tests/Fixtures/cnn_digits")
        for (file, name) in [
            ("graph_ts17.onnx", "model.onnx"), ("model.safetensors", "model.safetensors"), ("eval_x.npy", "X.npy"),
            ("eval_y.npy", "Y.npy"),
        ] {
            try FileManager.default.copyItem(
                at: digits.appending(path: file), to: folder.url.appending(path: name))
        }
        for line in lines { try Tool.succeed(line.dropFirst("landscape ".count) + " --quiet", in: folder) }
    }

    /// The tests that docs/definitions.md says fail on wrong versions are there.
    @Test func namedTests() throws {
        let page = try String(contentsOf: Tool.package.appending(path: "docs/definitions.md"), encoding: .utf8)
        let folder = Tool.package.appending(path: "Tests")
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter {
            $0.hasSuffix("Tests.swift")
        }
        let names = page.matches(of: /`([A-Z][A-Za-z]*Tests)\.([a-zA-Z]+)`/)
        #expect(names.count > 50)
        for name in names {
            // Suites of two modules may share a name.
            let isThere = try files.filter { $0.hasSuffix("/\(name.1).swift") }.contains { file in
                try String(contentsOf: folder.appending(path: file), encoding: .utf8).contains("func \(name.2)(")
            }
            #expect(isThere, "docs/definitions.md names \(name.1).\(name.2), which is not there")
        }
    }

    /// Links of the pages lead somewhere.
    @Test(arguments: [
        "README.md", "docs/architecture.md", "docs/commands.md", "docs/definitions.md", "docs/slices.md",
        "docs/choosing-a-measure.md",
        "docs/paths.md", "docs/science.md", "docs/onnx.md", "docs/resnet20.md",
    ])
    func links(
        _ page: String
    ) throws {
        let url = Tool.package.appending(path: page)
        let text = try String(contentsOf: url, encoding: .utf8)
        for match in text.matches(of: /\]\(([^)#:]+)\)/) {
            let target = url.deletingLastPathComponent().appending(path: String(match.1)).path
            #expect(FileManager.default.fileExists(atPath: target), "\(page): \(match.1) is not there")
        }
    }
}
