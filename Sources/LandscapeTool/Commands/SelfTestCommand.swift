import ArgumentParser
import Foundation
import Landscape

struct SelfTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        "selftest", "Checks this program against known answers.",
        remark: "Each line shows an error and its bound. The exit code is 1 if a check fails.",
        examples: [
            "landscape selftest",
            "landscape selftest --json",
        ])
    @OptionGroup var general: GeneralOptions

    /// Checks that failed: the work was done, and its result is bad.
    private struct Failure: Error, CustomStringConvertible { let description: String }

    func run() throws {
        try ResultKeys.selfTest.check(general.keys)
        general.prepare()
        let truth = try GroundTruth()
        let monitor = general.monitor
        let started = Date()
        let checks = try truth.run { try monitor.update("selftest", $0, of: truth.count, $1) }
        let report = SelfTestReport(
            checks: checks, seconds: Date().timeIntervalSince(started), software: Software.name)
        try general.print(report.json, report.lines)
        if let failure = report.failure { throw Failure(description: failure) }
    }
}
