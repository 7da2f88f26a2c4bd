import Foundation
import TestSupport
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
                try Tool.succeed(String(line.dropFirst("landscape ".count)), in: folder)
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
        let folder = try Folder(), digits = Fixtures.folder.appending(path: "cnn_digits")
        for (file, name) in [
            ("graph_ts17.onnx", "model.onnx"), ("model.safetensors", "model.safetensors"), ("eval_x.npy", "X.npy"),
            ("eval_y.npy", "Y.npy"),
        ] {
            try FileManager.default.copyItem(
                at: digits.appending(path: file), to: folder.url.appending(path: name))
        }
        return folder
    }

    static let commands = [
        "train", "import", "export", "info", "evaluate", "gradient", "slice", "sharpness", "hessian", "measure",
        "trajectory",
        "interpolate", "align", "average", "saddle", "compare", "report", "plot", "merge", "topology", "study",
        "selftest",
    ]

    /// Options that are no command's.
    private static let ofProgram = ["--help", "--version", "--generate-manual", "--generate-completion-script"]

    /// What is wrong with a page's options. The section of a command has its name, or those of several, as the heading; sections
    /// with other headings say what many commands have in common. In a span such as `train --save-every N` an option is that of the
    /// command before it.
    static func complaints(_ page: String, _ help: [String: Set<String>]) -> [String] {
        var own: [String: Set<String>] = [:], common: Set<String> = [], found: [String] = []
        for section in ("\n" + page).components(separatedBy: "\n## ") {
            let heading = section.split(separator: "\n").first.map(String.init) ?? ""
            let names = heading.components(separatedBy: ", "), isCommands = names.allSatisfy { help[$0] != nil }
            for span in section.replacing("```", with: "`").matches(of: /`([^`]+)`/) {
                var command: String?, former: Substring = ""
                for word in span.1.split(whereSeparator: { " \n|".contains($0) }) {
                    // Behind an option it is the option's value.
                    if help[String(word)] != nil, !former.hasPrefix("--") { command = String(word) }
                    former = word
                    guard let option = word.prefixMatch(of: /--[a-z0-9][a-z0-9-]*/).map({ String($0.output) }),
                        !ofProgram.contains(option)
                    else { continue }
                    let takers = command.map { [$0] } ?? (isCommands ? names : Array(help.keys))
                    if !takers.contains(where: { help[$0]!.contains(option) }) {
                        found.append("\(heading): \(takers.count == 1 ? takers[0] : "none") has \(option)")
                    }
                    if !isCommands { common.insert(option) }
                    if isCommands, command.map(names.contains) ?? true {
                        for name in names { own[name, default: []].insert(option) }
                    }
                }
            }
        }
        for (command, options) in help {
            for option in options.subtracting(own[command] ?? []).subtracting(common) {
                found.append("\(option) of \(command) is missing")
            }
        }
        return found.sorted()
    }

    /// Every option that docs/commands.md names exists, and every command's options are there.
    @Test func options() throws {
        let page = try String(contentsOf: Tool.package.appending(path: "docs/commands.md"), encoding: .utf8)
        let folder = try Folder()
        var help: [String: Set<String>] = [:]
        for command in Self.commands {
            let text = try Tool.succeed("\(command) --help", in: folder).output
            let options = text.matches(of: /\n  (?:-[a-z], )?(--[a-z0-9][a-z0-9-]*)(?:, (--[a-z0-9][a-z0-9-]*))?/)
                .flatMap { [$0.1, $0.2].compactMap { $0.map(String.init) } }
            #expect(options.count >= 4, "\(command): \(options)")
            help[command] = Set(options).subtracting(["--help", "--version"])
        }
        let found = Self.complaints(page, help)
        #expect(found.isEmpty, "docs/commands.md: \(found.joined(separator: "; "))")
    }

    /// The check itself: wrong, missing and misplaced options are found.
    @Test func optionsAreChecked() {
        let help: [String: Set<String>] = [
            "slice": ["--data", "--points"], "train": ["--data", "--save-every"], "info": ["--key"],
            "evaluate": ["--data", "--key"],
        ]
        func complaints(_ slice: String, common: String = "| `--data SPEC` | | |") -> [String] {
            Self.complaints(
                "# Commands\n\n## Data\n\(common)\n## slice\n\(slice)\n## train\nWith `--save-every N`.\n"
                    + "## info, evaluate\nBoth take `--key`.\n", help)
        }
        #expect(complaints("`--points N` or `NxM`, as `train --save-every N` has kept them").isEmpty)
        #expect(complaints("`--points N`, `--point N`") == ["slice: slice has --point"])
        #expect(complaints("`--points N`, `--save-every N`") == ["slice: slice has --save-every"])
        #expect(complaints("`--points N` for `train --point N`") == ["slice: train has --point"])
        #expect(complaints("nothing") == ["--points of slice is missing"])
        #expect(complaints("for `train --points N`") == ["--points of slice is missing", "slice: train has --points"])
        #expect(complaints("`--points N`", common: "`--dat`").first == "--data of evaluate is missing")
        #expect(complaints("`--points N`", common: "`--data` `--dat`") == ["Data: none has --dat"])
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
