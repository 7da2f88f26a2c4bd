import Foundation
import Testing

/// What the README tells people to type works as typed.
@Suite struct DocumentedCommandsTests {
    /// README.md and all pages of docs/, by their paths in the package.
    static let pages: [String] =
        ["README.md"]
        + ((try? FileManager.default.subpathsOfDirectory(atPath: Tool.package.appending(path: "docs").path)) ?? [])
        .filter { $0.hasSuffix(".md") }.sorted().map { "docs/" + $0 }

    /// The lines of all blocks of one language, in order.
    static func shellLines(_ text: String, language: String = "sh") -> [String] {
        var lines: [String] = [], isInside = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isInside = line == "```\(language)"
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

    /// README's program is the one of examples/library, which CI builds and runs.
    @Test func readmeProgram() throws {
        func text(_ path: String) throws -> String {
            try String(contentsOf: Tool.package.appending(path: path), encoding: .utf8)
        }
        let page = try text("README.md"), program = try text("examples/library/Sources/OwnFunction/main.swift")
        #expect(page.contains("```swift\n\(program)```"))
    }

    /// The README's commands for a PyTorch model, on a network of the fixtures.
    @Test func readmeModel() throws {
        let text = try String(contentsOf: Tool.package.appending(path: "README.md"), encoding: .utf8)
        let lines = Self.shellLines(text, language: "bash")
        #expect(lines.count >= 4)
        let folder = try Self.folderWithModel()
        for line in lines {
            #expect(line.hasPrefix("landscape "))
            try Tool.succeed(line.dropFirst("landscape ".count) + " --quiet", in: folder)
        }
        #expect(try folder.bytes("model.png").starts(with: [0x89, 0x50, 0x4E, 0x47]))
    }

    /// A folder with a network and its data under the names that the pages use.
    static func folderWithModel() throws -> Folder {
        let folder = try Folder(), digits = Tool.package.appending(path: "Tests/Fixtures/cnn_digits")
        for (file, name) in [
            ("graph_ts17.onnx", "model.onnx"), ("model.safetensors", "model.safetensors"), ("eval_x.npy", "X.npy"),
            ("eval_y.npy", "Y.npy"),
        ] {
            try FileManager.default.copyItem(
                at: digits.appending(path: file), to: folder.url.appending(path: name))
        }
        return folder
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
        let folder = try Folder()
        var help: [String: String] = [:], count = 0
        for page in Self.pages {
            let text = try String(contentsOf: Tool.package.appending(path: page), encoding: .utf8)
                .replacingOccurrences(of: "\\\n", with: " ")
            for line in text.split(separator: "\n") where line.hasPrefix("landscape ") {
                let words = Tool.words(String(line)), command = words[1]
                help[command] = try help[command] ?? Tool.succeed("\(command) --help", in: folder).output
                for option in words where option.hasPrefix("-") && option.dropFirst().first?.isNumber == false {
                    #expect(
                        help[command]?.firstMatch(of: try Regex("\\n  (-o, )?\(option)[ ,\n]")) != nil,
                        "\(page): \(line): \(command) has no \(option)")
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
        let folder = try Self.folderWithModel()
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

    /// Links of the pages lead somewhere: the file is there, and so is the heading.
    @Test(arguments: pages) func links(_ page: String) throws {
        let url = Tool.package.appending(path: page)
        let text = try String(contentsOf: url, encoding: .utf8)
        for match in text.matches(of: /\]\(([^)#:]*)(?:#([^)]+))?\)/) {
            let target = match.1.isEmpty ? url : url.deletingLastPathComponent().appending(path: String(match.1))
            #expect(FileManager.default.fileExists(atPath: target.path), "\(page): \(match.1) is not there")
            if let anchor = match.2 {
                let anchors = Self.anchors(try String(contentsOf: target, encoding: .utf8))
                #expect(anchors.contains(String(anchor)), "\(page): \(match.1) has no heading #\(anchor)")
            }
        }
    }

    /// The anchors of a page's headings, as GitHub names them.
    static func anchors(_ text: String) -> Set<String> {
        Set(
            text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { line in
                line.drop { $0 == "#" || $0 == " " }.lowercased()
                    .filter { $0.isLetter || $0.isNumber || " -_".contains($0) }.replacing(" ", with: "-")
            })
    }
}
