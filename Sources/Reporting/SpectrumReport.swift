import Objectives
import ArrayFiles
import Analyses
import MatrixFree

/// Eigenvalues, trace and norm of a curvature matrix.
public struct SpectrumReport: Report {
    /// One end of the spectrum: values with residuals.
    public struct End: Sendable {
        public let values: [Double], residuals: [Double]
        public init(values: [Double], residuals: [Double]) { (self.values, self.residuals) = (values, residuals) }
    }

    public var context: RunContext
    public let kind: CurvatureKind
    public let method: String
    /// Descending and ascending.
    public var top: End?, bottom: End?
    public var converged = true
    public var products = 0
    public var tolerance = 0.0
    public var trace: TraceEstimate?
    public var frobenius: StochasticEstimate?
    public var density: SpectralDensity?
    /// vᵀHv and ‖Hv‖ for a given v.
    public var along: (quadraticForm: Double, norm: Double)?
    /// Diagonal blocks of parameter tensors.
    public var layers: [LayerCurvature] = []
    /// Eigenvectors of the top, P numbers each.
    public var vectors: [[Double]] = []

    public init(context: RunContext, kind: CurvatureKind, method: String) {
        (self.context, self.kind, self.method) = (context, kind, method)
    }

    public var fields: [(key: String, value: JSONValue)] {
        var fields: [(key: String, value: JSONValue)] = [
            ("operator", .string(kind.rawValue)), ("method", .string(method)),
        ]
        if let top { fields += [("eigenvalues", JSONValue(top.values)), ("residuals", JSONValue(top.residuals))] }
        if let bottom {
            fields += [("eigenvalues_low", JSONValue(bottom.values)), ("residuals_low", JSONValue(bottom.residuals))]
        }
        if top != nil || bottom != nil {
            fields += [("converged", .bool(converged)), ("tolerance", .number(tolerance))]
        }
        fields.append(("products", .integer(products)))
        if let trace {
            fields.append(
                (
                    "trace",
                    .object([
                        ("value", .number(trace.trace.value)), ("standard_error", JSONValue(trace.trace.standardError)),
                        ("probes", .integer(trace.probes)),
                        ("method", .string(trace.method.rawValue)), ("products", .integer(trace.products)),
                    ])
                ))
        }
        if let frobenius {
            fields.append(
                (
                    "frobenius",
                    .object([
                        ("value", .number(frobenius.value)), ("standard_error", JSONValue(frobenius.standardError)),
                    ])
                ))
        }
        if let density {
            let (nodes, weights) = density.nodesAndWeights
            fields.append(
                (
                    "density",
                    .object([
                        ("x", JSONValue(density.grid)), ("y", JSONValue(density.density)),
                        ("standard_error", JSONValue(density.standardError)),
                        ("nodes", JSONValue(nodes)), ("weights", JSONValue(weights)), ("sigma", .number(density.sigma)),
                        ("outliers", JSONValue(density.outliers().high)),
                        ("outliers_low", JSONValue(density.outliers().low)),
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
                            .object([
                                ("name", .string(layer.name)), ("shape", .array(layer.shape.map { .integer($0) })),
                                ("largest_eigenvalue", .number(layer.largestEigenvalue)),
                                ("residual", .number(layer.residual)), ("converged", .bool(layer.converged)),
                                ("trace", .number(layer.trace.value)),
                                ("trace_standard_error", JSONValue(layer.trace.standardError)),
                            ])
                        })
                ))
        }
        if let along {
            fields.append(
                ("along", .object([("quadratic_form", .number(along.quadraticForm)), ("norm", .number(along.norm))])))
        }
        return fields
    }

    public var arrays: [(name: String, array: NumericArray)] {
        var arrays: [(name: String, array: NumericArray)] = []
        if let top {
            arrays += [("eigenvalues", NumericArray(top.values)), ("residuals", NumericArray(top.residuals))]
        }
        if let bottom {
            arrays += [
                ("eigenvalues_low", NumericArray(bottom.values)), ("residuals_low", NumericArray(bottom.residuals)),
            ]
        }
        if let density {
            arrays += [("density_x", NumericArray(density.grid)), ("density_y", NumericArray(density.density))]
        }
        if !layers.isEmpty {
            arrays += [
                ("layer_eigenvalues", NumericArray(layers.map(\.largestEigenvalue))),
                ("layer_traces", NumericArray(layers.map(\.trace.value))),
            ]
        }
        return arrays
    }

    public var table: (header: [String], rows: [[Double]])? {
        guard let top else { return nil }
        return (["eigenvalue", "residual"], zip(top.values, top.residuals).map { [$0, $1] })
    }
}
