import ArrayFiles
import Foundation
import TestSupport
import Testing

@testable import Datasets

/// Data whose arrays have names.
@Suite struct NamedArraysTests {
    private let folder: String
    private let x = NumericArray((0..<12).map { Double($0) }, shape: [4, 3])
    private let ids = NumericArray([0, 1, 2, 3, 4, 5, 6, 7] as [Int64], shape: [4, 2])
    private let mask = NumericArray([true, false, true, true, false, false, true, true], shape: [4, 2])
    private let labels = NumericArray([0, 1, -100, 2, 1, 0, 0, -100] as [Int64], shape: [4, 2])

    init() throws {
        folder = NSTemporaryDirectory() + "/named-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func file(_ members: [(String, NumericArray)], _ name: String = "data.npz") throws -> DataSpecification {
        try NPZ.write(members.map { ($0.0, .array($0.1)) }, to: folder + "/" + name)
        return .npz(file: folder + "/" + name)
    }

    private let roles = DataRoles(inputs: [
        .init(name: "ids", isInteger: true), .init(name: "mask", isInteger: true),
    ])

    @Test func inputsTargetsAndWeights() throws {
        let data = try file([
            ("extra", x), ("mask", mask), ("labels", labels), ("ids", ids),
            ("weight", NumericArray([1, 2, 0, 0.5], shape: [4])),
        ]).load(.train, roles)
        #expect(data.arrays.map(\.name) == ["ids", "mask"] && data.arrays.map(\.shape) == [[2], [2]])
        #expect(data.inputs == .tokens([0, 1, 2, 3, 4, 5, 6, 7]))
        #expect(data.arrays[1].values == .tokens([1, 0, 1, 1, 0, 0, 1, 1]))
        #expect(data.targets == .classes([0, 1, -100, 2, 1, 0, 0, -100], count: 3) && data.targetShape == [2])
        #expect(data.weights == Dataset.Weights([1, 2, 0, 0.5], shape: []))
        let part = data.subset([3, 0])
        #expect(part.arrays[1].values == .tokens([1, 1, 1, 0]) && part.weights?.values == [0.5, 1])
        #expect(part.targets == .classes([0, -100, 0, 1], count: 3) && part.count == 2)
        #expect(throws: DatasetError.self) {
            try file([("ids", ids), ("mask", mask), ("y", labels)]).load(.test, roles)
        }
    }

    /// A file for each array; a comma or an equals sign elsewhere is part of two plain paths.
    @Test func filesByName() throws {
        for (name, array) in [("a", ids), ("b", mask), ("c", labels)] {
            try NPY.write(array, to: "\(folder)/\(name).npy")
        }
        let text = "npy:ids=\(folder)/a.npy,mask=\(folder)/b.npy,labels=\(folder)/c.npy"
        let specification = try DataSpecification(text)
        #expect(specification.description == text && specification.paths.count == 3)
        #expect(try specification.load(.train, roles).arrays.count == 2)
        #expect(try DataSpecification("npy:lr=0.1/x.npy,y.npy") == .npy(inputs: "lr=0.1/x.npy", targets: "y.npy"))
        #expect(throws: DatasetError.self) { try DataSpecification("npy:a=x.npy,a=y.npy") }
        #expect(throws: DatasetError.self) { try DataSpecification("npy:a=,b=y.npy") }
    }

    @Test func whatIsRefused() throws {
        func load(_ members: [(String, NumericArray)], _ roles: DataRoles? = nil, _ split: Split = .train) -> String {
            message { _ = try file(members).load(split, roles ?? self.roles) }
        }
        let all = [("ids", ids), ("mask", mask), ("labels", labels)]
        #expect(load(all) == "none")
        #expect(load([("ids", ids), ("labels", labels)]).contains("the model takes mask, too"))
        #expect(load([("ids", ids), ("mask", mask)]).contains("expected targets under labels, targets or y"))
        #expect(load(all + [("y", labels)]).contains("name them with --target"))
        #expect(load(all + [("weight", x)]).contains("weights of shape [4, 3]"))
        #expect(load(all + [("weight", NumericArray([1, -1, 1, 1]))]).contains("the weight -1.0"))
        #expect(load([("ids", x), ("mask", mask), ("labels", labels)]).contains("whole numbers there"))
        let short = NumericArray([0, 1] as [Int64], shape: [1, 2])
        #expect(
            load([("ids", ids), ("mask", short), ("labels", labels)]).contains("'mask' has 1 examples, expected 4"))
        let tested = all + [("ids_test", ids), ("mask_test", mask), ("labels_test", labels)]
        #expect(load(tested, nil, .test) == "none")
        #expect(load(tested + [("weight", NumericArray([1.0, 1, 1, 1]))], nil, .test).contains("weight_test"))
        var own = roles
        own.hasTarget = false
        #expect(load(all, own) == "none")
        // Whether the model's own losses can have weights is for the model to say.
        #expect(load(all + [("weight", NumericArray([1.0, 1, 1, 1]))], own) == "none")
        #expect(
            load(all + [("weight", NumericArray([1.0, 1, 1]))], own).contains("'weight' has 3 examples, expected 4"))
        let y = NumericArray([0, 1, 0, 1] as [Int64])
        #expect(
            load([("x_train", x), ("y_train", y), ("weight", NumericArray([1.0, 1, 1, 1]))], DataRoles()).contains(
                "weights beside x_train and y_train"))
        #expect(
            message { _ = try DataSpecification("digits").load(.train, roles) }.contains("the model takes 2 inputs"))
    }

    /// A model of one input takes the one array that can be it, whatever its name, from an archive and from files.
    @Test func oneInputOfAModel() throws {
        let y = NumericArray([0, 1, 0, 1] as [Int64])
        let model = DataRoles(inputs: [.init(name: "input", isInteger: false)])
        for (name, array) in [("a", x), ("b", y)] { try NPY.write(array, to: "\(folder)/\(name).npy") }
        for (inputs, targets) in [("x", "y"), ("features", "labels"), ("input", "y")] {
            #expect(try file([(inputs, x), (targets, y)]).load(.train, model).doubleInputs == x.doubles)
            let files = try DataSpecification("npy:\(inputs)=\(folder)/a.npy,\(targets)=\(folder)/b.npy")
            #expect(try files.load(.train, model).doubleInputs == x.doubles)
        }
        let two = try file([("features", x), ("more", x), ("labels", y)])
        #expect(message { _ = try two.load(.train, model) }.contains("the model takes input, too"))
    }

    /// Without a model's names the one array that is neither target nor weights is the input.
    @Test func oneInputOfAnyName() throws {
        let y = NumericArray([0, 1, 0, 1] as [Int64])
        let data = try file([("features", x), ("labels", y), ("weight", NumericArray([1.0, 2, 1, 1]))]).load()
        #expect(data.exampleShape == [3] && data.weights != nil)
        #expect(try file([("x", x), ("y", y)]).load().weights == nil)
        #expect(throws: DatasetError.self) { try file([("features", x), ("more", x), ("labels", y)]).load() }
    }
}
