import Autodiff

/// The extents of a transformer over tokens (Vaswani et al. 2017, arXiv 1706.03762), as an encoder that classifies sequences.
struct TokenTransformer: Sendable {
    /// Tokens are 0..<vocabulary.
    var vocabulary = 0
    var width = 64, depth = 2, heads = 4

    private static let expected = "vocab=, dim=, depth= or heads= with a number"

    /// From options such as `vocab=1000,dim=64,depth=2,heads=4`, all but the first of which may be left out.
    init(_ options: String) throws(NetworkError) {
        for option in options.split(separator: ",") {
            let pair = option.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, let number = Int(pair[1]), number > 0 else {
                throw .invalidOption(model: "transformer", found: String(option), expected: Self.expected)
            }
            let limit = pair[0] == "depth" ? 1000 : pair[0] == "vocab" ? 1 << 24 : 1 << 16
            guard number <= limit else {
                throw .invalidOption(model: "transformer", found: String(option), expected: "at most \(limit)")
            }
            switch pair[0] {
            case "vocab": vocabulary = number
            case "dim": width = number
            case "depth": depth = number
            case "heads": heads = number
            default: throw .invalidOption(model: "transformer", found: String(option), expected: Self.expected)
            }
        }
        guard vocabulary > 0 else {
            throw .invalidOption(
                model: "transformer", found: options, expected: "vocab=N among the options, N above the largest token")
        }
        guard width % heads == 0 else {
            throw .invalidOption(
                model: "transformer", found: "dim=\(width),heads=\(heads)", expected: "a dim that heads divides")
        }
    }
}

extension Architecture {
    /// A row of a table for each token, a learnt position, blocks, a last norm, the mean over tokens, and a dense layer.
    static func transformer(_ options: TokenTransformer, outputs: Int) -> Architecture {
        Architecture(vocabulary: options.vocabulary) { b, x in
            let (n, length, width) = (x.shape[0], x.shape[1], options.width)
            let table = b.parameter("embed.weight", [options.vocabulary, width], .normal(deviation: 0.02))
            var y = table.rows(x).reshaped([n, length, width])
            y = y + b.parameter("pos", [1, length, width], .normal(deviation: 0.02))
            for i in 0..<options.depth { y = b.transformerBlock(y, "blocks.\(i)", heads: options.heads) }
            y = b.layerNorm(y, "norm").mean([1]).reshaped([n, width])
            return b.dense(y, "head", outputs)
        }
    }
}
