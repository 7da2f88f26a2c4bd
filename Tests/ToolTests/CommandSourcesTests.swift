import Foundation
import Testing

/// Commands parse, call and write: what is computed is computed in the library.
@Suite struct CommandSourcesTests {
    static let files: [String] = {
        let folder = Tool.package.appending(path: "Sources/LandscapeTool").path
        return ((try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".swift") }
    }()

    private func text(_ file: String) throws -> String {
        try String(contentsOf: Tool.package.appending(path: "Sources/LandscapeTool/\(file)"), encoding: .utf8)
    }

    @Test func importTheLibraryAlone() throws {
        #expect(Self.files.count > 20)
        for file in Self.files {
            let modules = try text(file).matches(of: /(?m)^(?:@\w+ )?import (\w+)$/).map { String($0.1) }
            let known: Set = ["ArgumentParser", "Foundation", "Landscape", "Synchronization"]
            #expect(known.isSuperset(of: modules), "\(file) imports \(modules)")
        }
    }

    /// Values, gradients and products are asked for by analyses, never by a command.
    @Test func callNoObjective() throws {
        let calls = [
            ".evaluate(at:", ".value(at:", ".valueAndGradient(at:", "VectorProduct(at:", "VectorProducts(at:",
            ".outputs(at:", "NetworkObjective(", "CurvatureOperator(",
        ]
        for file in Self.files {
            let text = try text(file)
            for call in calls { #expect(!text.contains(call), "\(file) calls \(call)") }
        }
    }
}
