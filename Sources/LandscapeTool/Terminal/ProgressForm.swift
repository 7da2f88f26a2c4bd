import ArgumentParser
import Landscape

/// What `--progress` asks for: the form of progress, remarks and errors on standard error.
enum ProgressForm: String, ExpressibleByArgument, CaseIterable {
    /// A line that is written again on a terminal, and a line now and then elsewhere.
    case auto
    /// An object a line, for the program that started this one.
    case json
    /// Remarks and errors alone.
    case none

    /// That of this process.
    static let asked = ProgressForm(words: LandscapeTool.arguments.dropFirst())

    /// That of a command line, be it one that the parser takes or not: errors about it have this form, too.
    init(words: some Sequence<String>) {
        self = .auto
        var isNext = false
        for word in words {
            if word == "--" { return }
            let value = isNext ? word : word.hasPrefix("--progress=") ? String(word.dropFirst(11)) : nil
            if let value, let form = ProgressForm(rawValue: value) { self = form }
            isNext = word == "--progress"
        }
    }
}
