import Essentials
import Foundation
import Testing

@Suite struct NearestNamesTests {
    /// Known distances; a swap of neighbours counts once.
    @Test func distances() {
        for (a, b, distance) in [
            ("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("slice", "slcie", 1), ("ab", "ba", 1),
            // Restricted: no letter is moved twice.
            ("ca", "abc", 3), ("flaw", "lawn", 2), ("müsli", "musli", 1),
        ] {
            #expect(a.editDistance(to: b) == distance && b.editDistance(to: a) == distance, "\(a), \(b)")
        }
    }

    /// Against the definition, by recursion, on all short words of three letters.
    @Test func definition() {
        func slow(_ a: Substring, _ b: Substring) -> Int {
            guard let x = a.last, let y = b.last else { return a.count + b.count }
            var least = min(
                slow(a.dropLast(), b) + 1, slow(a, b.dropLast()) + 1,
                slow(a.dropLast(), b.dropLast()) + (x == y ? 0 : 1))
            if a.count > 1, b.count > 1, a.dropLast().last == y, b.dropLast().last == x {
                least = min(least, slow(a.dropLast(2), b.dropLast(2)) + 1)
            }
            return least
        }
        var words = [""]
        for _ in 0..<3 { words += words.flatMap { word in ["a", "b", "c"].map { word + $0 } } }
        for a in Set(words) {
            for b in Set(words) { #expect(a.editDistance(to: b) == slow(a[...], b[...]), "\(a), \(b)") }
        }
    }

    /// Near names, nearest first; nothing that is another word.
    @Test func suggestions() {
        let commands = ["train", "slice", "sharpness", "hessian", "plot", "merge", "study"]
        #expect(commands.suggestion(for: "slcie") == "; did you mean 'slice'?")
        #expect(commands.suggestion(for: "Hesian") == "; did you mean 'hessian'?")
        for far in ["x", "", "curvature", "pl", "evaluate", String(repeating: "slice", count: 100)] {
            #expect(commands.nearest(to: far).isEmpty, "\(far)")
        }
        #expect(["a1", "a2", "a3", "a4", "b9"].nearest(to: "a5").isEmpty)
        #expect(
            ["run1.bin", "run2.bin", "run3.bin", "run4.bin"].suggestion(for: "run5.bin")
                == "; did you mean 'run1.bin', 'run2.bin' or 'run3.bin'?")
    }

    /// Names in lists of forms, with what stands behind the colon kept.
    @Test func forms() {
        let forms = "linear, mlp:64-32-10, resnet20|32|44[:B|:noshort], vit[:patch=4,dim=128], fashion-mnist[:DIR]"
        #expect("mpl:64-10".suggestion(from: forms) == "; did you mean 'mlp:64-10'?")
        #expect("resent32:B".suggestion(from: forms) == "; did you mean 'resnet32:B'?")
        #expect("fashion_mnist".suggestion(from: forms) == "; did you mean 'fashion-mnist'?")
        #expect("unet".suggestion(from: forms).isEmpty)
    }

    /// Names of the folder that the missing file should be in.
    @Test func files() throws {
        let folder = NSTemporaryDirectory() + "landscape-names-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["ckpt.bin", "other.npz"] {
            #expect(FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: nil))
        }
        #expect(FilePath.suggestion(for: folder + "/cpkt.bin") == "; did you mean '\(folder)/ckpt.bin'?")
        #expect(FilePath.suggestion(for: folder + "/zzz.bin", otherwise: "none") == "none")
        #expect(FilePath.suggestion(for: "/no/such/folder/x", otherwise: "none") == "none")
    }
}
