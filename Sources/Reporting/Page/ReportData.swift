import Analyses
import Essentials
import Foundation
import Plotting

/// The numbers of a report as its script reads them. Values that are not finite are `null`.
struct ReportData {
    let subjects: [ReportSubject]
    /// The colours of maps and surfaces.
    let colorMap: ColorMap

    var json: JSONValue {
        guard let first = subjects.first else { return .null }
        return .object([
            ("radius", .number(first.radius)), ("split", .string(first.context.split.word)),
            ("lossName", .string(first.context.lossName)),
            (
                "colorMaps",
                .object([("values", Self.stops(colorMap)), ("difference", Self.stops(.diverging))])
            ),
            ("checkpoints", .array(subjects.map(members))),
        ])
    }

    /// Every eighth colour of a map, such as `#440154`, between which the script interpolates.
    private static func stops(_ map: ColorMap) -> JSONValue {
        .array((0...32).map { .string(map.color(at: Double($0) / 32).hexText) })
    }

    private func members(_ subject: ReportSubject) -> JSONValue {
        .object([
            ("name", .string(subject.label)), ("plane", subject.plane.map(plane) ?? .null),
            ("line", subject.line.map(line) ?? .null), ("sharpness", sharpness(subject.sharpness)),
            ("spectrum", spectrum(subject.spectrum)), ("path", subject.trajectory.map(path) ?? .null),
            ("history", history(subject)),
        ])
    }

    private func plane(_ report: SliceReport) -> JSONValue { .object(plane(report.slice)) }

    private func plane(_ slice: Slice) -> [(key: String, value: JSONValue)] {
        [
            ("alpha", JSONValue(slice.alpha)), ("beta", JSONValue(slice.beta)), ("loss", JSONValue(slice.loss)),
            ("accuracy", slice.accuracy.map { JSONValue($0) } ?? .null),
            // A digit a point: whether it was evaluated or interpolated.
            ("evaluated", slice.isMeasured.map { .string(String($0.map { $0 ? "1" : "0" })) } ?? .null),
        ]
    }

    private func line(_ report: SliceReport) -> JSONValue {
        let slice = report.slice
        return .object([
            ("alpha", JSONValue(slice.alpha)), ("loss", JSONValue(slice.loss)),
            ("accuracy", slice.accuracy.map { JSONValue($0) } ?? .null),
            ("otherSplit", .string(report.otherSplit.word)),
            ("otherLoss", slice.other.map { JSONValue($0.loss) } ?? .null),
            ("otherAccuracy", slice.other?.accuracy.map { JSONValue($0) } ?? .null),
        ])
    }

    private func sharpness(_ report: SharpnessReport) -> JSONValue {
        .array(
            report.points.map { point in
                .object([
                    ("rho", .number(point.radius)), ("bound", JSONValue(point.worst?.lowerBound)),
                    ("oneStep", JSONValue(point.worst?.oneStep)), ("estimate", JSONValue(point.worst?.estimate)),
                    ("quadratic", JSONValue(point.worst?.quadraticModel)),
                    ("average", JSONValue(point.averageCase?.value)),
                    ("interval", JSONValue(point.averageCase?.interval95)),
                ])
            })
    }

    private func spectrum(_ report: SpectrumReport) -> JSONValue {
        var members: [(key: String, value: JSONValue)] = [
            ("values", JSONValue(report.top?.values ?? [])), ("residuals", JSONValue(report.top?.residuals ?? [])),
        ]
        if let density = report.result.density {
            members += [
                ("x", JSONValue(density.grid.map(rounded))), ("density", JSONValue(density.density.map(rounded))),
                ("low", JSONValue(density.intervalLow.map(rounded))),
                ("high", JSONValue(density.intervalHigh.map(rounded))),
                ("sigma", .number(density.sigma)), ("dimension", .integer(density.dimension)),
            ]
        }
        return .object(members)
    }

    /// Six digits, as the density is drawn and no more is known of it.
    private func rounded(_ value: Double) -> Double { Double(String(format: "%.6g", value)) ?? value }

    private func path(_ report: TrajectoryReport) -> JSONValue {
        let result = report.result
        let points = result.points.map { point -> JSONValue in
            .object([
                ("step", .integer(point.step)), ("epoch", .integer(point.epoch)),
                ("x", .number(point.place.coordinates[0])), ("y", .number(point.place.coordinates[1])),
                ("loss", .number(point.loss)), ("accuracy", JSONValue(point.accuracy)),
                ("planeLoss", .number(point.planeLoss)), ("off", .number(point.place.distanceToPlane)),
                ("distance", .number(point.place.distance)),
            ])
        }
        return .object(
            plane(result.surface) + [
                ("variance", JSONValue(Array(result.explainedVariance.prefix(2)))), ("points", .array(points)),
            ])
    }

    private func history(_ subject: ReportSubject) -> JSONValue {
        .array(
            subject.metadata.history.map { epoch in
                .object([
                    ("epoch", .integer(epoch.epoch)), ("step", .integer(epoch.step)),
                    ("train", .number(epoch.trainLoss)), ("test", JSONValue(epoch.testLoss)),
                    ("trainAccuracy", JSONValue(epoch.trainAccuracy)), ("testAccuracy", JSONValue(epoch.testAccuracy)),
                ])
            })
    }
}
