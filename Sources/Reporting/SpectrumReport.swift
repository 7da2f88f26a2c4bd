import Analyses
import ArrayFiles
import Essentials
import MatrixFree
import Objectives

/// The spectrum of a curvature matrix.
public struct SpectrumReport: Report {
    /// What the result is of, and how it was computed.
    public var context: RunContext
    /// What is shown.
    public let result: SpectrumAnalysis.Result
    /// How far other examples would move it; nil where not asked for.
    public var sampling: SamplingError?

    /// - Parameter result: what is shown.
    public init(context: RunContext, _ result: SpectrumAnalysis.Result) {
        (self.context, self.result) = (context, result)
    }

    /// Of a plain function.
    ///
    /// - Parameters:
    ///   - function: what it is called, in results and under pictures.
    ///   - result: what is shown.
    public init(function: String, _ result: SpectrumAnalysis.Result) {
        self.init(context: RunContext(function: function, command: "hessian"), result)
    }

    typealias End = SpectrumAnalysis.End
    var kind: CurvatureKind { result.kind }
    var top: End? { result.top }
    var bottom: End? { result.bottom }
    var converged: Bool { result.converged }
    var products: Int { result.products }
    var tolerance: Double { result.tolerance }
    var layers: [LayerCurvature] { result.layers }

    /// Members of the JSON object beside those of the context; docs/commands.md lists them.
    public var fields: [(key: String, value: JSONValue)] {
        var fields: [(key: String, value: JSONValue)] = [
            ("operator", .string(kind.rawValue)), ("method", .string(result.method.rawValue)),
        ]
        if let top = result.top {
            fields += [("eigenvalues", JSONValue(top.values)), ("residuals", JSONValue(top.residuals))]
        }
        if let bottom = result.bottom {
            fields += [("eigenvalues_low", JSONValue(bottom.values)), ("residuals_low", JSONValue(bottom.residuals))]
        }
        if top != nil || bottom != nil {
            fields += [("converged", .bool(converged)), ("tolerance", .number(tolerance))]
        }
        fields.append(("products", .integer(products)))
        if let trace = result.trace {
            fields.append(
                (
                    "trace",
                    .object(
                        members(trace.trace) + [
                            ("probes", .integer(trace.probes)), ("method", .string(trace.method.rawValue)),
                            ("products", .integer(trace.products)),
                        ])
                ))
        }
        if let frobenius = result.frobenius {
            fields.append(("frobenius", .object(members(frobenius))))
        }
        if let density = result.density {
            let (nodes, weights) = density.nodesAndWeights, outliers = density.outliers()
            fields.append(
                (
                    "density",
                    .object([
                        ("x", JSONValue(density.grid)), ("y", JSONValue(density.density)),
                        ("standard_error", JSONValue(density.standardError)),
                        ("interval95", .array([JSONValue(density.intervalLow), JSONValue(density.intervalHigh)])),
                        ("nodes", JSONValue(nodes)), ("weights", JSONValue(weights)), ("sigma", .number(density.sigma)),
                        ("outliers", JSONValue(outliers.high)),
                        ("outliers_low", JSONValue(outliers.low)),
                        ("probes", .integer(density.quadratures.count)), ("products", .integer(density.products)),
                    ])
                ))
        }
        if !layers.isEmpty {
            fields.append(
                (
                    "layers",
                    .array(
                        layers.map { layer in
                            .object(
                                [
                                    ("name", .string(layer.name)), ("shape", .array(layer.shape.map { .integer($0) })),
                                    ("largest_eigenvalue", .number(layer.largestEigenvalue)),
                                    ("residual", .number(layer.residual)), ("converged", .bool(layer.converged)),
                                ] + members(layer.trace, "trace"))
                        })
                ))
        }
        if !result.classes.isEmpty {
            fields.append(("classes", .array(result.classes.map { .object(members($0)) })))
        }
        if !result.relativeFlatness.isEmpty {
            fields.append(
                (
                    "relative_flatness",
                    .array(
                        result.relativeFlatness.map { layer in
                            .object(
                                [("name", .string(layer.name)), ("shape", .array(layer.shape.map { .integer($0) }))]
                                    + members(layer.value))
                        })
                ))
        }
        if let sampling {
            fields.append(
                (
                    "sampling",
                    .object([
                        ("lower", .number(sampling.lower.value)), ("upper", .number(sampling.upper.value)),
                        ("interval95", JSONValue(sampling.interval95)),
                        ("lower_standard_error", JSONValue(sampling.lower.standardError)),
                        ("upper_standard_error", JSONValue(sampling.upper.standardError)),
                        ("trace", .number(sampling.trace.value)),
                        ("trace_standard_error", JSONValue(sampling.trace.standardError)),
                        ("examples", .integer(sampling.examples)), ("total", .integer(sampling.total)),
                        ("repetitions", .integer(sampling.repetitions)), ("converged", .bool(sampling.converged)),
                        ("products", .integer(sampling.products)),
                    ])
                ))
        }
        if let noise = result.noise { fields.append(("noise", .object(members(noise)))) }
        if let diagonal = result.diagonal { fields.append(("diagonal", .object(members(diagonal)))) }
        if let determinant = result.determinant { fields.append(("logdet", .object(members(determinant)))) }
        if let share = result.gradientShare {
            fields.append(("top_space", .object([("share", .number(share))])))
        }
        if let along = result.along {
            fields.append(
                ("along", .object([("quadratic_form", .number(along.quadraticForm)), ("norm", .number(along.norm))])))
        }
        return fields
    }

    /// An estimate with its errors: `value`, `standard_error` and `interval95`, or a name and these with the name before them.
    private func members(_ estimate: StochasticEstimate?, _ name: String? = nil) -> [(key: String, value: JSONValue)] {
        let prefix = name.map { $0 + "_" } ?? ""
        return [
            (name ?? "value", JSONValue(estimate?.value)),
            (prefix + "standard_error", JSONValue(estimate?.standardError)),
            (prefix + "interval95", JSONValue(estimate?.interval95)),
        ]
    }

    private func members(_ found: ClassCurvature) -> [(key: String, value: JSONValue)] {
        [
            ("class", .integer(found.label)), ("examples", .integer(found.examples)), ("share", .number(found.share)),
            ("eigenvalues", JSONValue(found.eigenvalues)), ("residuals", JSONValue(found.residuals)),
            ("converged", .bool(found.converged)),
        ] + members(found.trace, "trace") + [
            ("gradient_norm", .number(found.gradientNorm)), ("overlaps", JSONValue(found.overlaps)),
            ("products", .integer(found.products)),
        ]
    }

    private func members(_ noise: NoiseAlignment) -> [(key: String, value: JSONValue)] {
        let solves: [(key: String, value: JSONValue)] =
            noise.shift.map {
                members(noise.criterion, "tic") + [("damping", .number($0)), ("residual", JSONValue(noise.residual))]
            } ?? []
        return members(noise.trace, "trace_h_sigma") + members(noise.noise, "trace_sigma").prefix(2) + solves
            + [("products", .integer(noise.products))]
    }

    private func members(_ diagonal: DiagonalEstimate) -> [(key: String, value: JSONValue)] {
        let mean = diagonal.mean, parts = zip(result.diagonalParts, diagonal.means)
        return [
            ("mean", .number(mean.value)), ("standard_error", JSONValue(mean.standardError)),
            ("lowest", .number(diagonal.values.min() ?? .nan)), ("highest", .number(diagonal.values.max() ?? .nan)),
            ("exact", .bool(diagonal.isExact)), ("products", .integer(diagonal.products)),
            (
                "layers",
                .array(
                    parts.map { name, mean in
                        .object([
                            ("name", .string(name)), ("mean", .number(mean.value)),
                            ("standard_error", JSONValue(mean.standardError)),
                            ("interval95", JSONValue(mean.interval95)),
                        ])
                    })
            ),
        ]
    }

    private func members(_ found: LogDeterminant) -> [(key: String, value: JSONValue)] {
        members(found.value) + [("relative", .number(found.relative.value))]
            + members(found.effectiveDimension, "effective_dimension") + [
                ("delta", .number(found.shift)), ("settled", .bool(found.settled)),
                ("products", .integer(found.products)),
            ]
    }

    /// Arrays of the `.npz` file.
    public var arrays: [(name: String, array: NumericArray)] {
        var arrays: [(name: String, array: NumericArray)] = []
        if let top = result.top {
            arrays += [("eigenvalues", NumericArray(top.values)), ("residuals", NumericArray(top.residuals))]
        }
        if let bottom = result.bottom {
            arrays += [
                ("eigenvalues_low", NumericArray(bottom.values)), ("residuals_low", NumericArray(bottom.residuals)),
            ]
        }
        if let density = result.density {
            arrays += [("density_x", NumericArray(density.grid)), ("density_y", NumericArray(density.density))]
        }
        if let diagonal = result.diagonal {
            arrays += [
                ("diagonal", NumericArray(diagonal.values)),
                ("diagonal_standard_error", NumericArray(diagonal.standardErrors)),
            ]
        }
        if !layers.isEmpty {
            arrays += [
                ("layer_eigenvalues", NumericArray(layers.map(\.largestEigenvalue))),
                ("layer_traces", NumericArray(layers.map(\.trace.value))),
            ]
        }
        return arrays
    }

    /// A header and rows of the `.csv` file.
    public var table: (header: [String], rows: [[Double]])? {
        guard let top = result.top else { return nil }
        return (["eigenvalue", "residual"], zip(top.values, top.residuals).map { [$0, $1] })
    }
}
