import ArgumentParser
import Foundation
import Landscape

struct SelfTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest",
        abstract: "Checks this program against known answers: every error with its bound; exit code 1 if one fails.")
    @OptionGroup var general: GeneralOptions

    /// Checks that failed: the work was done, and its result is bad.
    private struct Failure: Error, CustomStringConvertible { let description: String }

    func run() throws {
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
