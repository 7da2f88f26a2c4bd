import Foundation
import Testing

@testable import Interchange

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
    static let known: Set<String> = []

    @Test(
        .enabled(
            if: !isAbsent,
            "no ONNX conformance cases: install libonnx-testdata, or name their folder in LANDSCAPE_ONNX_TESTS"),
        .timeLimit(.minutes(5)))
    func supportedOperatorsConform() throws {
        var passed = 0, differentiated = 0, failed: [(String, String)] = [], unsupported: [String: Int] = [:],
            skipped = 0
        for test in Self.cases {
            switch test.run() {
            case .passed(let derivatives):
                passed += 1
                differentiated += derivatives ? 1 : 0
            case .failed(let reason): failed.append((test.name, reason))
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
        #expect(Double(passed) >= 0.97 * Double(passed + failed.count))
    }
}
