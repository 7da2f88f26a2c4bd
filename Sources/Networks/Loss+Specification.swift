import Essentials

/// The text form of a loss, as `--loss` takes it and a checkpoint stores it: a name, and behind a colon what is chosen of it.
extension Loss {
    /// Every text form of a loss, for help and messages.
    public static let forms =
        "cross-entropy[:label-smoothing=S], nll, bce, mse (mean r² over outputs), half-mse (½ of it), l1, huber[:δ], smooth-l1[:β], poisson, kl, output[:NAME]"

    /// The loss as `--loss` takes it and a checkpoint stores it, such as `mse` or `cross-entropy:label-smoothing=0.1`.
    /// `init(specification:)` reads it.
    public var specification: String {
        var options: [String] = []
        var name: String, isNegativeLogLikelihood = false
        switch kind {
        case .crossEntropy(let smoothing):
            isNegativeLogLikelihood = scale == .logProbabilities
            name = isNegativeLogLikelihood ? "nll" : "cross-entropy"
            if smoothing != 0 { options.append("label-smoothing=\(smoothing)") }
        case .meanSquaredError: name = "mse"
        case .halfMeanSquaredError: name = "half-mse"
        case .binaryCrossEntropy: name = "bce"
        case .absoluteError: name = "l1"
        case .huber(let delta):
            name = "huber"
            if delta != 1 { options.append("\(delta)") }
        case .smoothAbsoluteError(let beta):
            name = "smooth-l1"
            if beta != 1 { options.append("\(beta)") }
        case .poisson: name = "poisson"
        case .kullbackLeibler: name = "kl"
        case .output(let loss):
            name = "output"
            switch loss.subject {
            case .example: break
            case .mean: options.append("of=mean")
            case .batch(let size): options.append("batch=\(size)")
            }
            if let output = loss.name { options.append((options.isEmpty ? "" : "name=") + output) }
        }
        if let givenScale, !isNegativeLogLikelihood { options.append("outputs=\(givenScale.rawValue)") }
        if let classAxis { options.append("class-axis=\(classAxis)") }
        if ignoreIndex != IgnoredLabel.standard { options.append("ignore-index=\(ignoreIndex)") }
        func list(_ numbers: [Double]) -> String { numbers.map { "\($0)" }.joined(separator: ";") }
        if !classWeights.isEmpty { options.append("class-weights=" + list(classWeights)) }
        if !positiveWeights.isEmpty { options.append("pos-weights=" + list(positiveWeights)) }
        return options.isEmpty ? name : name + ":" + options.joined(separator: ",")
    }

    /// The loss that a text names, such as `mse`, `huber:0.5`, `cross-entropy:label-smoothing=0.1,ignore-index=255` or `output:loss`.
    ///
    /// - Throws: `NetworkError.unknownLoss` for any other text, or where a number is none that the loss takes.
    public init(specification text: String) throws(NetworkError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let rest = parts.count == 2 ? parts[1] : ""
        guard parts.count == 1 || !rest.isEmpty else { throw .unknownLoss(text) }
        switch parts.first ?? "" {
        case "cross-entropy": self.init(.crossEntropy(labelSmoothing: 0))
        case "nll":
            self.init(.crossEntropy(labelSmoothing: 0))
            givenScale = .logProbabilities
        case "mse": self.init(.meanSquaredError)
        case "half-mse": self.init(.halfMeanSquaredError)
        case "bce": self.init(.binaryCrossEntropy)
        case "l1": self.init(.absoluteError)
        case "huber": self.init(.huber(delta: 1))
        case "smooth-l1": self.init(.smoothAbsoluteError(beta: 1))
        case "poisson": self.init(.poisson)
        case "kl": self.init(.kullbackLeibler)
        case "output":
            self = try Self.output(rest, text)
            return
        default: throw .unknownLoss(text)
        }
        for option in rest.split(separator: ",", omittingEmptySubsequences: false) where !rest.isEmpty {
            try take(option, text)
        }
    }

    /// `NAME`, `of=mean`, `batch=N`, the last two with `,name=NAME` behind them.
    private static func output(_ rest: Substring, _ text: String) throws(NetworkError) -> Loss {
        var loss = OutputLoss(name: rest.isEmpty ? nil : String(rest))
        let parts = rest.split(separator: ",", maxSplits: 1)
        if let first = parts.first, first == "of=mean" || first.hasPrefix("batch=") {
            loss.name = nil
            if let last = parts.dropFirst().first {
                guard last.hasPrefix("name="), last.count > 5 else { throw .unknownLoss(text) }
                loss.name = String(last.dropFirst(5))
            }
            loss.subject = .mean
            if first.hasPrefix("batch=") {
                guard let size = Int(first.dropFirst(6)), size > 0 else { throw .unknownLoss(text) }
                loss.subject = .batch(size)
            }
        }
        return Loss(.output(loss))
    }

    private mutating func take(_ option: Substring, _ text: String) throws(NetworkError) {
        let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count == 2 ? parts[1] : parts.first ?? ""
        func numbers() throws(NetworkError) -> [Double] {
            let list = value.split(separator: ";", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
            guard list.allSatisfy({ $0 >= 0 && $0.isFinite }) else { throw .unknownLoss(text) }
            return list
        }
        switch (parts.count == 2 ? parts[0] : "", kind) {
        case ("label-smoothing", .crossEntropy):
            guard let smoothing = Double(value), smoothing >= 0, smoothing < 1 else { throw .unknownLoss(text) }
            kind = .crossEntropy(labelSmoothing: smoothing)
        case ("", .huber):
            guard let delta = Double(value), delta > 0, delta.isFinite else { throw .unknownLoss(text) }
            kind = .huber(delta: delta)
        case ("", .smoothAbsoluteError):
            guard let beta = Double(value), beta >= 0, beta.isFinite else { throw .unknownLoss(text) }
            kind = .smoothAbsoluteError(beta: beta)
        case ("outputs", .crossEntropy), ("outputs", .binaryCrossEntropy):
            guard let scale = Scale(rawValue: String(value)) else { throw .unknownLoss(text) }
            givenScale = scale
        case ("class-axis", .crossEntropy):
            guard let axis = Int(value) else { throw .unknownLoss(text) }
            classAxis = axis
        case ("ignore-index", .crossEntropy):
            guard let index = Int(value), Int32(exactly: index) != nil else { throw .unknownLoss(text) }
            ignoreIndex = index
        case ("class-weights", .crossEntropy): classWeights = try numbers()
        case ("pos-weights", .binaryCrossEntropy): positiveWeights = try numbers()
        default: throw .unknownLoss(text)
        }
    }
}
