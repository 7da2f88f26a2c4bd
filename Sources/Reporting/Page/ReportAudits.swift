import Analyses
import Essentials

/// What was checked about a checkpoint's numbers, in plain words.
struct ReportAudits {
    let subject: ReportSubject

    /// What was found, and whether it is well.
    typealias Finding = (isGood: Bool, text: String)

    /// Of all checks.
    var findings: [Finding] {
        [(true, "Both checksums within the checkpoint’s file were verified when it was read.")] + slices + eigenvalues
            + search + path
    }

    private var slices: [Finding] {
        [("line", subject.line), ("plane", subject.plane)].flatMap { name, report -> [Finding] in
            guard let slice = report?.slice else { return [] }
            let audit = slice.audit
            var found: [Finding] = []
            if let exact = audit.centerIsExact {
                found.append(
                    (
                        exact,
                        exact
                            ? "The \(name)’s value at the checkpoint has the same bits as the loss computed apart from it."
                            : "The \(name)’s value at the checkpoint is NOT the loss computed apart from it."
                    ))
            }
            found.append(
                (
                    audit.nonfinite == 0,
                    audit.nonfinite == 0
                        ? "All \(slice.loss.count) values of the \(name) are finite."
                        : "\(audit.nonfinite) of the \(slice.loss.count) values of the \(name) are not finite. They are shown as holes."
                ))
            found += interpolation(name, slice)
            for (i, product) in audit.curvatureFromProduct.enumerated() {
                guard let product, let grid = audit.curvatureFromGrid[i] else { continue }
                found.append(
                    (
                        true,
                        "Curvature of the \(name) along direction \(i + 1): \(Format.brief(product)) by exact derivatives, \(Format.brief(grid)) by differences of the values."
                    ))
            }
            let reach = audit.relativeReach.map { Format.percent($0) }
            found.append((true, "The ends of the \(name) move \(Format.list(reach)) of the weights’ norm."))
            return found
        }
    }

    private func interpolation(_ name: String, _ slice: Slice) -> [Finding] {
        guard let interpolation = slice.interpolation else { return [] }
        guard interpolation.heldOut > 0 else { return [(true, "Every point of the \(name) was evaluated.")] }
        return [
            (
                interpolation.error <= interpolation.tolerance,
                "\(slice.audit.evaluations) of the \(name)’s \(slice.loss.count) points were evaluated, the others interpolated. At \(interpolation.heldOut) points that were kept apart the error is at most \(Format.percent(interpolation.error)) of the values’ range; with 95 % confidence that holds for \(Format.percent(interpolation.coverage)) of the rest."
            )
        ]
    }

    private var eigenvalues: [Finding] {
        let report = subject.spectrum
        guard let top = report.top else { return [] }
        let largest = Format.brief(top.residuals.max() ?? .nan)
        return [
            (
                report.converged,
                report.converged
                    ? "All \(top.values.count) eigenvalues converged; the largest residual is \(largest)."
                    : "NOT all eigenvalues converged; the largest residual is \(largest)."
            )
        ]
    }

    private var search: [Finding] {
        var found: [Finding] = []
        if let worst = subject.point?.worstCase {
            let place = worst.constraintIsActive ? "on the boundary of the ball" : "inside the ball"
            found.append(
                (
                    true,
                    "The search for the worst case began at \(worst.restarts.count) places and ended \(place). Its ends differ by \(Format.brief(worst.spread)); the smaller that is, the less depends on where one begins."
                ))
        }
        let left = subject.sharpness.points.reduce(0) {
            $0 + ($1.worstCase?.nonfinite ?? 0) + ($1.averageCase?.nonfinite ?? 0)
        }
        if left > 0 {
            found.append((false, "\(left) losses of the sharpness measures were not finite and were left out."))
        }
        return found
    }

    private var path: [Finding] {
        guard let result = subject.trajectory?.result else { return [] }
        let shares = result.explainedVariance.prefix(2).reduce(0, +)
        let farthest = result.points.map(\.place.distanceToPlane).max() ?? 0
        return [
            (
                true,
                "The trajectory’s plane holds \(Format.percent(shares)) of the squared distances from the last checkpoint; no checkpoint is farther from it than \(Format.brief(farthest))."
            )
        ]
    }
}
