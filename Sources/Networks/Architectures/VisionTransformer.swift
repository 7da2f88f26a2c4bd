import Autodiff

/// The extents of a vision transformer (Dosovitskiy et al. 2020, arXiv 2010.11929).
struct VisionTransformer: Sendable {
    var patch = 4, width = 128, depth = 6, heads = 4

    /// From options such as `patch=4,dim=128,depth=6,heads=4`, each of which may be left out.
    init(_ options: String) throws(NetworkError) {
        for option in options.split(separator: ",") {
            let pair = option.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, let number = Int(pair[1]), number > 0,
                number <= (pair[0] == "depth" ? 1000 : 1 << 16)
            else {
                throw .invalidOption(
                    model: "vit", found: String(option), expected: "patch=, dim=, depth= or heads= with a number")
            }
            switch pair[0] {
            case "patch": patch = number
            case "dim": width = number
            case "depth": depth = number
            case "heads": heads = number
            default:
                throw .invalidOption(model: "vit", found: String(option), expected: "patch=, dim=, depth= or heads=")
            }
        }
        guard width % heads == 0 else {
            throw .invalidOption(
                model: "vit", found: "dim=\(width),heads=\(heads)", expected: "a dim that heads divides")
        }
    }
}

extension Architecture {
    /// Patches to tokens by one dense layer, a learnt position for each, blocks, a last norm, the mean over tokens, and a dense
    /// layer. (The mean instead of a class token: Beyer et al. 2022, arXiv 2205.01580.)
    static func vit(_ vit: VisionTransformer, outputs: Int) -> Architecture {
        Architecture { b, x in
            let (n, c, h, w, p) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3], vit.patch)
            let tokens = (h / p) * (w / p)
            let patches = x.reshaped([n, c, h / p, p, w / p, p]).permuted([0, 2, 4, 1, 3, 5]).reshaped([
                n, tokens, c * p * p,
            ])
            var y = b.dense(patches, "embed", vit.width)
            y = y + b.parameter("pos", [1, tokens, vit.width], .normal(deviation: 0.02))
            for i in 0..<vit.depth { y = b.transformerBlock(y, "blocks.\(i)", heads: vit.heads) }
            y = b.layerNorm(y, "norm").mean([1]).reshaped([n, vit.width])
            return b.dense(y, "head", outputs)
        }
    }
}
