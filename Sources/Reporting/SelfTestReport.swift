import Essentials
import GroundTruth

/// What the program's check of itself found.
public struct SelfTestReport: Sendable {
    /// Every claim with its error and its bound.
    public let checks: [GroundTruthCheck]
    /// How long it took.
    public let seconds: Double
    /// Name and version of the program.
    public let software: String

    /// - Parameter seconds: how long it took.
    public init(checks: [GroundTruthCheck], seconds: Double, software: String) {
        (self.checks, self.seconds, self.software) = (checks, seconds, software)
    }

    /// Whether every claim holds.
    public var passed: Bool { checks.allSatisfy(\.passed) }

    /// What to say where not all passed.
    public var failure: String? {
        let failed = checks.count { !$0.passed }
        return failed == 0
            ? nil : "\(failed) of \(checks.count) checks FAILED: do not trust this build on this machine"
    }

    /// The JSON object; docs/commands.md lists its members.
    public var json: JSONValue {
        .object([
            ("command", .string("selftest")), ("software", .string(software)), ("passed", .bool(passed)),
            ("seconds", .number(seconds)),
            (
                "checks",
                .array(
                    checks.map { check in
                        .object([
                            ("group", .string(check.group)), ("name", .string(check.name)),
                            ("error", .number(check.error)), ("bound", .number(check.bound)),
                            ("passed", .bool(check.passed)), ("seconds", .number(check.seconds)),
                            ("failure", check.failure.map { .string($0) } ?? .null),
                        ])
                    })
            ),
        ])
    }

    /// A line for every check, under its group's name.
    public var lines: [String] {
        func column(_ text: String, _ width: Int) -> String {
            text.padding(toLength: max(width, text.count), withPad: " ", startingAt: 0)
        }
        var lines: [String] = [], group = ""
        for check in checks {
            if check.group != group { lines.append("\(check.group)") }
            group = check.group
            let numbers = "error \(column(Format.short(check.error), 9)) bound \(column(Format.short(check.bound), 8))"
            lines.append("  \(check.passed ? "ok    " : "FAILED") \(numbers) \(check.name)")
            if let failure = check.failure { lines.append("         \(failure)") }
        }
        lines.append(failure ?? "all \(checks.count) checks passed in \(Format.duration(seconds))")
        return lines
    }
}
