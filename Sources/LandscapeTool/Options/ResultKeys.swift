import Landscape

/// The keys of results as far as they are known before the work, so that `--key` is refused before it and not after it.
///
/// A key with a dot is a member of an object. Objects without members here, lists and numbers are looked into when the
/// result is there.
struct ResultKeys: ExpressibleByArrayLiteral {
    private let keys: [String]

    /// - Parameter keys: beside those that all analyses share.
    init(_ keys: [String]) { self.keys = Self.shared + keys }
    init(arrayLiteral keys: String...) { self.init(keys) }

    /// - Parameter all: every key of a result that states nothing about an analysis.
    init(all: [String]) { keys = all }

    /// Keys of every analysis.
    private static let shared =
        RunContext(function: "", command: "").fields.map(\.key) + [RunContext.batchKey, RunContext.weightsKey]

    /// Keys that a message has room for.
    private static let mostShown = 16

    /// Refuses a key that the result cannot have.
    func check(_ asked: [String]) throws {
        for key in asked {
            let steps = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            let first = steps[0], members = keys.filter { $0.hasPrefix(first + ".") }
            let isKnown = keys.contains(first) || !members.isEmpty
            let isMember = steps.count < 2 || members.isEmpty || members.contains(first + "." + steps[1])
            guard isKnown && isMember else {
                var tops: [String] = []
                for key in keys.map({ String($0.prefix { $0 != "." }) }) where !tops.contains(key) { tops.append(key) }
                let all = isKnown ? members : tops
                // Of an object with many members the own ones are of interest, and they come last.
                let shown = all.count > Self.mostShown ? ["…"] + all.suffix(Self.mostShown) : all
                throw UnusableRequest(
                    "--key \(key): the result has no such key\(all.suggestion(for: key)); expected one of \(shown.joined(separator: ", "))"
                )
            }
        }
    }

    /// Of several results, each an object under its name: their first keys, and an error in place of a result.
    static func measures(_ measures: [(name: String, keys: [String])]) -> ResultKeys {
        ResultKeys(
            measures.flatMap { name, keys in
                (shared + ["error"] + keys).map { "\(name).\($0.prefix { $0 != "." })" }
            })
    }

    static func members(_ object: String, _ names: String) -> [String] {
        names.split(separator: " ").map { "\(object).\($0)" }
    }

    static func slice(axes: Int, bothSplits: Bool = false, adaptive: Bool = false, planes: Int = 1) -> [String] {
        var keys = ["alpha", "beta"] + (axes > 2 ? ["gamma"] : []) + ["values", "accuracies"]
        if bothSplits { keys += ["other_split", "other_values", "other_accuracies"] }
        keys += ["center", "cosine", "curvature_hvp", "curvature_grid"]
        for axis in 1..<max(axes, 1) { keys += ["curvature_hvp_\(axis + 1)", "curvature_grid_\(axis + 1)"] }
        keys += ["nonfinite", "evaluations"]
        keys += members(
            "surface", "directions normalization center_exact relative_reach loss_multiple minimum minimum_at")
        if adaptive {
            keys += members(
                "adaptive",
                "tolerance estimated_error estimated_error_log estimated_error_carried held_out coverage")
        }
        if planes > 1 { keys += ["planes"] + members("band", "mean lowest highest") }
        return keys
    }

    static func sharpness(_ measures: SharpnessAnalysis.Measures, radii: Int, batches: Bool) -> [String] {
        let shared = "lower_bound one_step estimate epsilon_norm gradients products nonfinite "
        let whole =
            "quadratic_model largest_eigenvalue constraint_active spread restarts starts hops values scout"
        let ball =
            (measures.contains(.worstCase)
                ? members("worst_case", shared + (batches ? "m standard_error interval95 batches batch_sizes" : whole))
                : measures.contains(.oneStep)
                    ? members("worst_case", "one_step first_order epsilon_norm gradients values") : [])
            + (measures.contains(.averageCase)
                ? members("average_case", "value standard_error interval95 samples nonfinite") : [])
        return ["rho", "norm", "scaling", "gradient_norm"] + (radii > 1 && !ball.isEmpty ? ["curve"] : ball)
            + (measures.contains(.box)
                ? members(
                    "keskar", "value epsilon subspace mean standard_deviation repeats gradients nonfinite all") : [])
            + (measures.contains(.critical)
                ? members("critical", "value rate rate_bracket descent evaluations") : [])
            + (measures.contains(.directional) ? members("directional", "value") : [])
            + (measures.contains(.fisherRao) ? members("fisher_rao", "value norm") : [])
            + (measures.contains(.learningCoefficient)
                ? members(
                    "learning_coefficient",
                    "value standard_error chains rhat effective_samples acceptance step inverse_temperature localization gradients"
                ) : [])
            + (measures.contains(.symmetryCorrected)
                ? ["symmetry_corrected", "symmetry_corrected.layers", "symmetry_corrected.heads"]
                    + (radii > 1
                        ? ["symmetry_corrected.curve"]
                        : members("symmetry_corrected", shared + whole))
                    + members("symmetry_corrected", "gradient_norm distance loss_change") : [])
            + (measures.contains(.pacBayes)
                ? members("pac_bayes", "sigma standard_error increase evaluations") : [])
    }

    static func spectrum(
        top: Bool, bottom: Bool, trace: Bool, frobenius: Bool, density: Bool, layers: Bool, along: Bool
    ) -> [String] {
        ["operator", "method"] + (top ? ["eigenvalues", "residuals"] : [])
            + (bottom ? ["eigenvalues_low", "residuals_low"] : [])
            + (top || bottom ? ["converged", "tolerance"] : []) + ["products"]
            + (trace ? members("trace", "value standard_error interval95 probes method products") : [])
            + (frobenius ? members("frobenius", "value standard_error interval95") : [])
            + (density
                ? members(
                    "density",
                    "x y standard_error interval95 nodes weights sigma outliers outliers_low probes products") : [])
            + (layers ? ["layers"] : []) + (along ? members("along", "quadratic_form norm") : [])
    }

    /// - Parameter alignment: what units are matched by, and whether that is refined; nil for none.
    static func interpolation(
        isPlane: Bool, curve: Bool, adaptive: Bool, repairs: Bool, alignment: (kind: Alignment.Kind, refines: Bool)?
    ) -> [String] {
        guard !isPlane else {
            return ["checkpoints", "barrier"] + members("barriers", "ab ac bc")
                + members("mean", "coordinates loss accuracy")
                + slice(axes: 2, adaptive: adaptive)
        }
        return ["checkpoints", "distance", "alpha", "values", "accuracies", "barrier", "barrier_at"]
            + (curve
                ? members(
                    "curve",
                    "kind bends steps cycles gradients values barrier barrier_at relative_length accuracies highest saved"
                ) : [])
            + (repairs ? ["repair"] : [])
            + (alignment.map {
                members("alignment", "distance_before moved units " + matching($0).joined(separator: " "))
            } ?? [])
    }

    private static func matching(_ alignment: (kind: Alignment.Kind, refines: Bool)) -> [String] {
        ["kind"] + (alignment.kind == .activations ? ["examples", "correlation_before", "correlation"] : [])
            + (alignment.refines ? ["refinement"] : [])
    }

    static func training(tracksSharpness: Bool, averages: Bool) -> ResultKeys {
        ResultKeys(
            [
                "optimizer", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "steps",
                "gradient_evaluations", "files", "warnings",
            ] + (averages ? ["averages"] : []) + (tracksSharpness ? ["sharpness"] : []))
    }

    static let exported = ResultKeys(all: ["command", "checkpoint", "model", "parameters", "tensors", "files"])
    static let imported = ResultKeys(all: [
        "command", "checkpoint", "model", "data", "loss_function", "parameters", "operators", "notes",
    ])
    static func alignment(_ kind: Alignment.Kind, refines: Bool) -> ResultKeys {
        ResultKeys(
            all: [
                "command", "reference", "aligned", "checkpoint", "dimensions", "fixed", "distance_before", "distance",
                "passes", "loss_before", "loss", "output_change",
            ] + matching((kind, refines)))
    }
    static let average = ResultKeys(all: [
        "command", "checkpoint", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "parts", "distances",
        "explained_variance",
    ])
    static let files = ResultKeys(all: ["command", "files"])
    static let selfTest = ResultKeys(all: ["command", "software", "passed", "seconds", "checks"])
}
