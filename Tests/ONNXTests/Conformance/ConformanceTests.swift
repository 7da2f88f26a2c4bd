import Foundation
import Testing

@testable import ONNX

/// The ONNX project's own cases, from Debian's libonnx-testdata or the folder that LANDSCAPE_ONNX_TESTS names.
@Suite struct ConformanceTests {
    static let folders: [String] = {
        if let given = ProcessInfo.processInfo.environment["LANDSCAPE_ONNX_TESTS"] { return [given] }
        let package = "/usr/share/libonnx-testdata/data/"
        return ["node", "pytorch-converted", "pytorch-operator", "simple"].map { package + $0 }
    }()

    static let cases = folders.flatMap(ConformanceCase.all)
    static var isAbsent: Bool { cases.isEmpty }

    /// Cases that are known to fail; docs/onnx.md says why.
    static let known: Set<String> = [
        "test_cast_FLOAT_to_BFLOAT16",
        "test_castlike_FLOAT_to_BFLOAT16",
        "test_castlike_FLOAT_to_BFLOAT16_expanded",
        "test_resize_tf_crop_and_resize",
        "test_scan_sum",
        "test_training_dropout",
        "test_training_dropout_default",
        "test_training_dropout_default_mask",
        "test_training_dropout_mask",
    ]

    @Test(
        .enabled(
            if: !isAbsent,
            "no ONNX conformance cases: install libonnx-testdata, or name their folder in LANDSCAPE_ONNX_TESTS"),
        .timeLimit(.minutes(5)))
    func supportedOperatorsConform() throws {
        var nodes = (passed: 0.0, failed: 0.0)
        var passed = 0, differentiated = 0, failed: [(String, String)] = [], unsupported: [String: Int] = [:],
            skipped = 0
        for test in Self.cases {
            let isNode = test.folder.hasPrefix(Self.folders[0])
            switch test.run() {
            case .passed(let derivatives):
                passed += 1
                differentiated += derivatives ? 1 : 0
                if isNode { nodes.passed += 1 }
            case .failed(let reason):
                failed.append((test.name, reason))
                if isNode { nodes.failed += 1 }
            case .unsupported(let operators):
                skipped += 1
                for name in operators { unsupported[name, default: 0] += 1 }
            }
        }
        print(
            "ONNX conformance: \(passed) passed (\(differentiated) with derivatives), \(failed.count) failed, \(skipped) unsupported"
        )
        for (name, reason) in failed { print("  failed \(name): \(reason)") }
        let missing = unsupported.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
        print("  operators that the unsupported cases need: \(missing.joined(separator: ", "))")
        #expect(Set(failed.map(\.0)).subtracting(Self.known).isEmpty)
        // Of the project's node cases, which come first.
        #expect(nodes.failed <= 0.03 * (nodes.passed + nodes.failed))
    }

    /// docs/onnx.md names every operator, and every case that fails.
    @Test func isDocumented() throws {
        let page = try String(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../docs/onnx.md"),
            encoding: .utf8)
        for name in Operators.names { #expect(page.contains("`\(name)`"), "docs/onnx.md does not have \(name)") }
        // A row's pattern, such as `Conv3d*`, stands for all cases that begin so.
        let patterns = page.matches(of: /`([A-Za-z0-9_]+\*?[A-Za-z0-9_]*)`/).map { String($0.1) }
        for name in Self.known {
            let short = name.replacing("test_", with: "")
            #expect(
                patterns.contains { fnmatch($0, short, 0) == 0 && !Operators.names.contains($0) },
                "docs/onnx.md does not have \(short)")
        }
    }
}
