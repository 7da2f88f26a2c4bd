import ArrayFiles
import TestSupport
import Testing

/// Command lines that cannot be meant.
@Suite struct BadArgumentTests {
    static let lines: [(line: String, saying: [String])] = [
        ("sharpness --rho 0", ["--rho", "positive"]), ("sharpness --rho -1", ["--rho", "positive"]),
        ("sharpness --rho=-1", ["--rho", "positive"]),
        ("sharpness --rho nan", ["--rho"]), ("sharpness --rho inf", ["--rho"]),
        ("sharpness --rho much", ["--rho", "much"]),
        ("sharpness --norm l3", ["l3", "linf"]), ("sharpness --measure best", ["best", "worst"]),
        ("sharpness --steps 0", ["--steps"]),
        ("sharpness --restarts -1", ["--restarts"]), ("sharpness --eta -1 --adaptive", ["--eta"]),
        ("sharpness --rho 0.1,0", ["--rho", "positive"]), ("sharpness --rho 0.1,", ["0.1,"]),
        ("sharpness --m 0", ["--m 0"]), ("sharpness --m 5 --measure average", ["--m", "worst"]),
        ("sharpness --m 5 --save-epsilon e.npy", ["--save-epsilon", "--m"]),
        ("sharpness --rho 0.1,0.2 --save-epsilon e.npy", ["--save-epsilon", "single"]),
        ("sharpness --measure keskar --save-epsilon e.npy", ["--save-epsilon"]),
        ("sharpness --measure one-step --steps 3", ["--steps", "worst"]),
        ("sharpness --measure one-step --m 5", ["--m", "worst"]),
        ("sharpness --measure keskar --box-epsilon 0", ["--box-epsilon"]),
        ("sharpness --measure critical,best", ["critical,best", "directional"]),
        ("sharpness --measure worst --along v.npy", ["--along", "critical"]),
        ("sharpness --measure critical --adaptive", ["--adaptive", "pac-bayes"]),
        ("sharpness --measure pac-bayes --increase 0", ["--increase", "0.1"]),
        ("sharpness --increase 1", ["--increase", "pac-bayes"]),
        ("hessian --logdet 0.1", ["--logdet", "--operator ggn"]),
        ("hessian --operator ggn --logdet 0", ["--logdet", "positive"]),
        ("hessian --top 0 --bottom 1 --top-space", ["--top-space", "--top"]),
        ("hessian --damping 1", ["--damping", "--noise"]), ("hessian --noise --damping -1", ["--damping"]),
        ("hessian --save-diagonal d.npy", ["--save-diagonal", "--diagonal"]),
        ("gradient --save-norms n.npy", ["--save-norms", "--by-example"]),
        ("compare a.bin b.bin --measures sharp", ["sharp", "worst_case"]),
        ("compare a.bin b.bin --measures weight_norm", ["weight_norm", "critical"]),
        ("study runs --measures critcal", ["critcal", "critical"]),
        ("sharpness --subspace -1", ["--subspace"]), ("sharpness --box-steps 0", ["--box-steps"]),
        ("sharpness --box-repeats 0", ["--box-repeats"]),
        ("sharpness --steps 9223372036854775807", ["--steps", "10⁹"]),
        ("sharpness --restarts 9223372036854775807", ["--restarts", "a million"]),
        ("sharpness --box-repeats 4611686018427387905 --measure keskar", ["--box-repeats", "a million"]),
        ("hessian --iterations 9223372036854775807", ["--iterations", "10⁹"]),
        ("hessian --trace --probes 4611686018427387905", ["--probes", "10⁹"]),
        ("slice --points 1", ["--points 1", "at least 2"]), ("slice --points 0", ["--points 0"]),
        ("slice --points -5", ["--points"]),
        ("slice --points 5x", ["--points 5x"]), ("slice --points 5x5x5x5", ["5x5x5x5"]),
        ("slice --points many", ["many"]),
        ("slice --points 99999999999999999999", ["--points"]), ("slice --points 100000x100000", ["--points"]),
        ("slice --range 0", ["--range", "positive"]), ("slice --range -1", ["--range"]),
        ("slice --range nan", ["--range"]),
        ("slice --x-range 1:-1", ["1:-1", "a < b"]), ("slice --x-range 1", ["a:b"]), ("slice --y-range x:y", ["x:y"]),
        ("slice --dims 4", ["--dims 4"]), ("slice --dims 1 --points 5x5", ["--points", "--dims"]),
        ("slice --points 200000", ["--points 200000", "100000"]),
        ("slice --seed -1", ["--seed", "expected one from 0"]), ("slice --examples 1.5", ["expected a whole number"]),
        ("hessian --tolerance tiny", ["tiny", "expected a number"]),
        ("hessian --top 0", ["--top 0", "--trace"]), ("sharpness --scout -1", ["--scout"]),
        ("evaluate --key los", ["--key los", "one of", "weight_norm"]),
        ("study runs --split test", ["--split test", "both"]),
        ("evaluate --key lossy", ["--key lossy"]),
        ("plot ckpt.bin", ["ckpt.bin", "landscape slice -o"]), ("trajectory nowhere", ["nowhere", "no folder"]),
        ("evaluate --data npy:one.npy", ["npy:X.npy,Y.npy"]),
        ("train --model lenet --data digits --augment=turn -o new.bin", ["turn", "augment", "crop,flip"]),
        ("slice --normalization row", ["row", "filter"]),
        ("slice --directions sideways", ["sideways", "random"]),
        ("slice --directions file:nothing.npy", ["nothing.npy"]),
        ("slice --directions to:nothing.bin", ["nothing.bin"]), ("slice --directions to:ckpt.bin", ["zero"]),
        ("slice --metric beauty", ["beauty", "accuracy"]),
        ("hessian --top -1", ["--top"]), ("hessian --method magic", ["magic", "lanczos"]),
        ("hessian --tolerance 0", ["--tolerance"]),
        ("hessian --iterations 0", ["--iterations"]),
        ("hessian --operator jacobian", ["jacobian", "empirical-fisher"]),
        ("hessian --along nothing.npy", ["nothing.npy"]), ("hessian --top 5000000", ["5000000", "2410"]),
        ("train --model perceptron --data digits -o new.bin", ["unknown model", "perceptron", "mlp"]),
        ("train --model mlp --data digits -o new.bin", ["mlp:64-32-10"]),
        ("train --model mlp:64-0-10 --data digits -o new.bin", ["mlp"]),
        ("train --model mlp:64-16777216-16777216-10 --data digits -o new.bin", ["mlp"]),
        ("train --model mlp:32-10 --data digits -o new.bin", ["32", "[1, 8, 8]"]),
        ("train --model mlp:64-9 --data digits -o new.bin", ["9", "10"]),
        ("train --model resnet21 --data digits -o new.bin", ["resnet21", "resnet20"]),
        ("train --model vit:patch=3 --data digits -o new.bin", ["3"]),
        ("train --model linear --data pictures -o new.bin", ["unknown data", "digits"]),
        ("train --model linear --data digits --optimizer lion -o new.bin", ["lion", "sgd"]),
        ("train --model linear --data digits --optimizer sam --rho 0 -o new.bin", ["rho"]),
        ("train --model linear --data digits --optimizer sam --rho -1 -o new.bin", ["rho"]),
        ("train --model linear --data digits --optimizer sam --perturb bias -o new.bin", ["bias", "norm"]),
        (
            "train --model linear --data digits --optimizer sam --perturb norm -o new.bin",
            ["--perturb", "no normalisation"]
        ),
        ("train --model linear --data digits --lr 0 -o new.bin", ["lr"]),
        ("train --model linear --data digits --lr nan -o new.bin", ["lr"]),
        ("train --model linear --data digits --epochs 0 -o new.bin", ["epochs"]),
        ("train --model linear --data digits --epochs -3 -o new.bin", ["epochs"]),
        ("train --model linear --data digits --steps 0 -o new.bin", ["steps"]),
        ("train --model linear --data digits --batch-size 0 -o new.bin", ["batch-size"]),
        ("train --model linear --data digits --label-noise 2 -o new.bin", ["label-noise"]),
        ("train --model linear --data digits --loss hinge -o new.bin", ["hinge", "cross-entropy"]),
        ("train --model linear --data digits --examples 0 -o new.bin", ["examples"]),
        ("train --model linear --data digits --epochs 1 --steps 1 -o new.bin", ["--epochs", "--steps"]),
        ("train --data digits", ["--model"]), ("train --model linear", ["--data"]),
        ("train --model linear --data digits --warmup soon -o new.bin", ["--warmup"]),
        ("train --model linear --data digits --save-every 0 -o new.bin", ["save-every"]),
        ("evaluate --threads 0", ["--threads"]), ("evaluate --threads -1", ["--threads"]),
        ("evaluate --examples 0", ["--examples"]),
        ("evaluate --batch-size 0", ["--batch-size"]), ("evaluate --memory 3", ["--memory"]),
        ("evaluate --memory lots", ["lots"]), ("evaluate --memory 0x10M", ["0x10M"]),
        ("evaluate --memory 2000000T", ["1048576T"]),
        ("evaluate --seed -1", ["--seed"]), ("evaluate --precision half", ["half", "float"]),
        ("evaluate --batchnorm none", ["none", "stored"]),
        ("evaluate -o result.gif", ["result.gif", ".png"]), ("evaluate -o result", ["result", ".png"]),
        ("evaluate -o result.png", ["result.png", "evaluate"]),
        ("evaluate a.bin b.bin", ["b.bin"]), ("evaluate --frobnicate", ["--frobnicate"]), ("paint", ["paint"]),
        ("''", []),
    ]

    @Test(arguments: lines) func refused(_ line: String, _ saying: [String]) throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try Tool.refuse(line, in: folder)
        let errors = try Tool.run(Tool.words(line), in: folder).errors
        for words in saying { #expect(errors.contains(words), "landscape \(line) does not say '\(words)': \(errors)") }
    }

    /// Vectors of another length, or with values that are no numbers.
    @Test func vectors() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try folder.write(NumericArray([1.0, 2, 3]), to: "short.npy")
        try folder.write(NumericArray([Double](repeating: .nan, count: 2410)), to: "nan.npy")
        try folder.write(NumericArray([Double](repeating: 0, count: 2410)), to: "zero.npy")
        try Tool.refuse("slice --directions file:short.npy", in: folder, saying: "3 numbers", "2410")
        try Tool.refuse("slice --directions file:nan.npy", in: folder, saying: "not finite")
        try Tool.refuse("slice --directions file:zero.npy", in: folder, saying: "zero")
        try Tool.refuse("slice --dims 2 --directions file:zero.npy", in: folder)
        try Tool.refuse("hessian --along short.npy", in: folder, saying: "3 numbers", "2410")
        try Tool.refuse("hessian --along nan.npy", in: folder, saying: "not finite")
    }

    /// The learning rate is hopeless: the training stops and says why.
    @Test func divergence() throws {
        let folder = try Folder()
        try Tool.refuse(
            "train --model mlp:64-32-10 --data digits --lr 1e30 --quiet", in: folder, saying: "diverged", "--lr",
            "No checkpoint")
    }

    /// A budget of gradients that the first step is beyond, which takes two batches and climbs.
    @Test func tooFewGradients() throws {
        let line = "train --model linear --data digits --optimizer sam --accumulate 2 -o new.bin"
        try Tool.refuse("\(line) --gradients 3", in: try Folder(), saying: "--gradients", "at least 4")
        try Tool.succeed("\(line) --gradients 4 --quiet", in: try Folder())
    }

    /// Options that would have no effect, with what they need.
    static let unused: [(line: String, saying: [String])] = [
        ("sharpness --eta 0.1", ["--eta", "--adaptive"]), ("sharpness --samples 5", ["--samples", "average"]),
        ("sharpness --measure average --restarts 1", ["--restarts", "worst"]),
        ("sharpness --measure average --steps 1", ["--steps", "worst"]),
        ("sharpness --measure keskar --scout 0", ["--scout", "worst"]),
        ("sharpness --box-steps 3", ["--box-steps", "keskar"]), ("sharpness --subspace 3", ["--subspace", "keskar"]),
        ("sharpness --box-epsilon 0.1", ["--box-epsilon", "keskar"]),
        ("sharpness --measure average --box-repeats 3", ["--box-repeats", "keskar"]),
        ("hessian --probes 9", ["--probes", "--trace"]), ("interpolate ckpt.bin --bends 2", ["--bends", "--curve"]),
        ("interpolate ckpt.bin --steps 2", ["--steps", "--curve"]),
        ("interpolate ckpt.bin --lr 2", ["--lr", "--curve"]),
        ("interpolate ckpt.bin --curve-batch-size 2", ["--curve-batch-size", "--curve"]),
        ("train --rho 0.1", ["--rho", "sgd"]), ("train --optimizer adam --momentum 0.5", ["--momentum", "adam"]),
        ("train --optimizer sam --eta 0.1", ["--eta", "sam"]), ("train --optimizer sam --alpha 0.1", ["--alpha"]),
        ("train --optimizer gsam --look-every 2", ["--look-every"]), ("train --decay-in-ascent", ["--decay-in-ascent"]),
        ("train --m 4", ["m", "sgd"]), ("train --optimizer looksam --m 4", ["m", "looksam"]),
        ("train --optimizer fsam --m 4", ["m", "fsam"]), ("train --optimizer sam --sigma 1", ["--sigma", "sam"]),
        ("train --base adam", ["--base", "sgd"]), ("train --optimizer sam --base sam", ["sam", "muon"]),
        ("train --adam-lr 0.1", ["--adam-lr", "sgd"]),
        ("train --optimizer sam --base adamw --momentum 0.5", ["--momentum", "adamw"]),
        ("train --optimizer muon", ["muon", "first and the last layer"]),
        ("train --perturb norm", ["--perturb", "sgd"]),
        ("train --optimizer asam --perturb norm", ["--perturb", "asam"]),
        ("train --averaging 0.9", ["--averaging", "sgd"]),
        ("train --optimizer nesterov --rho 0.1", ["--rho", "nesterov"]),
        ("train --optimizer adamw --alpha 0.1 --eta 0.1", ["--alpha", "--eta", "adamw"]),
        ("train --loss mse --label-smoothing 0.1", ["label smoothing", "cross-entropy"]),
        ("train --norm batch", ["linear", "norm batch", "norm none"]),
        ("train --activation tanh", ["linear", "leave activation out"]),
        ("gradient --save g.txt", ["g.txt", ".npy"]), ("gradient --save g", [".npy"]),
        ("hessian --save-vectors v.npz", ["v.npz", ".npy"]), ("sharpness --save-epsilon e.txt", ["e.txt", ".npy"]),
        ("interpolate ckpt.bin ckpt.bin -o x.vti", ["x.vti", "grid"]),
        ("interpolate ckpt.bin ckpt.bin ckpt.bin -o x.vti", ["x.vti", ".vtr"]),
        ("trajectory . -o x.vti", ["x.vti", ".vtr"]), ("evaluate -o nowhere/x.json", ["nowhere"]),
        ("hessian --save-vectors nowhere/v.npy", ["nowhere"]), ("gradient --save nowhere/g.npy", ["nowhere"]),
        ("sharpness --save-epsilon nowhere/g.npy", ["nowhere"]),
    ]

    @Test(arguments: unused) func withoutEffect(_ line: String, _ saying: [String]) throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let whole =
            line.hasPrefix("train")
            ? line + " --model linear --data digits --epochs 1 -o new.bin"
            : line.hasPrefix("interpolate ckpt.bin --") ? line.replacing("ckpt.bin", with: "ckpt.bin ckpt.bin") : line
        try Tool.refuse(whole, in: folder)
        let errors = try Tool.run(Tool.words(whole), in: folder).errors
        for words in saying { #expect(errors.contains(words), "landscape \(whole) does not say '\(words)': \(errors)") }
    }
}
