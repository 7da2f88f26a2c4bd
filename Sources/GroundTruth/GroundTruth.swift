import Foundation

/// One claim with a known answer: how far off the program is, and how far off it may be.
public struct GroundTruthCheck: Sendable, Codable {
    /// Such as `sharpness`.
    public let group: String
    /// The claim, as docs/definitions.md has it.
    public let name: String
    /// What the error is relative to is part of the claim; infinite where nothing finite came out.
    public let error: Double
    public let bound: Double
    public let passed: Bool
    public let seconds: Double
    /// Why there is no error to compare: what was thrown.
    public let failure: String?
}

/// The ground truth that needs no download: closed forms, invariances and laws that every build must reproduce, each with its
/// error and the bound it is held to. What the program computes is compared with formulas, not with itself.
public struct GroundTruth {
    /// A claim to be checked.
    struct Claim {
        let group: String, name: String
        let bound: Double
        let error: () throws -> Double

        init(_ group: String, _ name: String, within bound: Double, _ error: @escaping () throws -> Double) {
            (self.group, self.name, self.bound, self.error) = (group, name, bound, error)
        }

        /// Measures the error; anything thrown is a failure of the claim.
        func check() -> GroundTruthCheck {
            let started = Date()
            var (error, failure) = (Double.infinity, String?.none)
            do { error = try self.error() } catch { failure = "\(error)" }
            if error.isNaN { error = .infinity }
            return GroundTruthCheck(
                group: group, name: name, error: error, bound: bound, passed: error <= bound,
                seconds: Date().timeIntervalSince(started), failure: failure)
        }
    }

    let claims: [Claim]

    /// How many claims there are.
    public var count: Int { claims.count }

    /// - Throws: `NetworkError` or `DatasetError` where the small networks that the claims are about cannot be made.
    public init() throws {
        claims =
            try Self.derivatives() + Self.linearModels() + Self.sharpness() + Self.spectrum() + Self.slices()
            + Self.rescaling() + Self.statistics() + Self.training()
    }

    /// Checks one claim after another. `progress` is told the number done and the next one's name; what it throws ends the work.
    public func run(progress: (_ done: Int, _ name: String) throws -> Void = { _, _ in }) throws -> [GroundTruthCheck] {
        var checks: [GroundTruthCheck] = []
        for claim in claims {
            try progress(checks.count, claim.name)
            checks.append(claim.check())
        }
        return checks
    }
}

/// Largest difference over the largest number expected; infinite where something is not finite.
func relativeDifference(_ found: [Double], _ expected: [Double]) -> Double {
    guard found.count == expected.count, found.allSatisfy(\.isFinite) else { return .infinity }
    let scale = expected.reduce(.leastNormalMagnitude) { max($0, abs($1)) }
    return zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) } / scale
}

func relativeDifference(_ found: Double, _ expected: Double) -> Double { relativeDifference([found], [expected]) }

func exponential(_ x: Double) -> Double { exp(x) }

extension Double {
    /// log₂.
    var binaryLogarithm: Double { log2(self) }
}
