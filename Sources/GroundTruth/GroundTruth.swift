import Foundation

/// The result of checking one claim: how far off the program is, and how far off it may be.
public struct GroundTruthCheck: Sendable, Codable {
    /// The part of the program that the claim is about, such as `sharpness`.
    public let group: String
    /// The claim in words, with what its error is relative to.
    public let name: String
    /// The measured error; infinite where nothing finite came out.
    public let error: Double
    /// The largest error that passes.
    public let bound: Double
    /// Whether the error is at most the bound.
    public let passed: Bool
    /// Wall-clock time of the check, in seconds.
    public let seconds: Double
    /// The error that was thrown in place of a result; `nil` where there is a result.
    public let failure: String?
}

/// Claims with known answers that every build must reproduce: closed forms, invariances and laws.
///
/// The program's results are compared with formulas and not with other results of the program. Nothing is downloaded.
/// The command `landscape selftest` runs them all.
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

    /// Number of claims.
    public var count: Int { claims.count }

    /// Prepares the claims.
    ///
    /// - Throws: `NetworkError` or `DatasetError` where the small networks that the claims are about cannot be made.
    public init() throws {
        claims =
            try Self.derivatives() + Self.linearModels() + Self.sharpness() + Self.spectrum() + Self.slices()
            + Self.rescaling() + Self.statistics() + Self.training()
    }

    /// Checks all claims, one after another, in a fixed order.
    ///
    /// - Parameter progress: called before each claim with the number of claims done and the next one's name.
    /// - Throws: what `progress` throws, which ends the work. A claim that throws is a failed check.
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
func logarithm(_ x: Double) -> Double { log(x) }

extension Double {
    /// log₂.
    var binaryLogarithm: Double { log2(self) }
}
