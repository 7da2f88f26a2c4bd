import Foundation
import Testing

@testable import Datasets

@Suite struct DataSpecificationTests {
    @Test(arguments: [
        "digits", "fashion-mnist", "fashion-mnist:some/folder", "mnist:a b", "cifar10:/c", "cifar100:c",
        "npy:x.npy,y.npy", "npz:file.npz", "csv:C:file.csv", "mnist1d", "spirals", "chebyshev:4",
    ])
    func itsTextGivesItBack(_ text: String) throws {
        let specification = try DataSpecification(text)
        #expect(specification.description == text)
        #expect(try DataSpecification(specification.description) == specification)
        let json = try JSONEncoder().encode([specification])
        #expect(try JSONDecoder().decode([DataSpecification].self, from: json) == [specification])
    }

    @Test func splitsPathsWithCommas() throws {
        #expect(try DataSpecification("npy:a,b.npy,c,d.npy") == .npy(inputs: "a,b.npy", targets: "c,d.npy"))
        #expect(try DataSpecification("npy:a,b") == .npy(inputs: "a", targets: "b"))
    }

    @Test(arguments: [
        "", "digit", "digits:x", "mnist", "mnist:", "npy:x.npy", "npy:x.npy,", "npy:,y.npy", "npz", "csv:",
        "chebyshev", "chebyshev:x", "chebyshev:0", "chebyshev:20", "chebyshev:99999999999999999999", ":", "MNIST:x",
    ])
    func refuses(_ text: String) {
        #expect(throws: DatasetError.self) { try DataSpecification(text) }
    }

    @Test(arguments: [
        ("images.npz", "did you mean npz:images.npz?"), ("data/t.csv", "did you mean csv:data/t.csv?"),
        ("X.npy", "did you mean npy:X.npy,Y.npy"),
    ])
    func hintsAtTheKindOfAFile(_ text: String, _ hint: String) {
        #expect { try DataSpecification(text) } throws: { "\($0)".contains(hint) }
    }

    @Test func makesPathsAbsolute() throws {
        let here = FileManager.default.currentDirectoryPath
        #expect(try DataSpecification("npz:a/../b.npz").absolute.description == "npz:\(here)/b.npz")
        #expect(try DataSpecification("npy:/x.npy,y.npy").absolute.description == "npy:/x.npy,\(here)/y.npy")
        #expect(try DataSpecification("digits").absolute == .digits)
        #expect(try DataSpecification("fashion-mnist").absolute.description == "fashion-mnist")
    }
}
