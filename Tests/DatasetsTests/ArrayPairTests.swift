import ArrayFiles
import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite struct ArrayPairTests {
    private func pair(_ x: NumericArray, _ y: NumericArray) throws(DatasetError) -> Dataset {
        try ArrayPair.dataset(.read(x), y, name: "test")
    }

    @Test func keepsWhatTheFileHolds() throws {
        let labels = NumericArray([1, 0] as [Int])
        let bytes = try pair(NumericArray([0, 51, 255, 1] as [UInt8], shape: [2, 1, 2]), labels)
        #expect(bytes.exampleShape == [1, 1, 2] && bytes.inputs == .floats([0, 51.0 / 255, 1, 1.0 / 255]))
        let doubles = try pair(NumericArray([0.1, 0.2, 0.3, 0.4], shape: [2, 2]), labels)
        #expect(doubles.inputs == .doubles([0.1, 0.2, 0.3, 0.4]) && doubles.exampleShape == [2])
        let floats = try pair(NumericArray([1, 2] as [Float]), labels)
        #expect(floats.inputs == .floats([1, 2]) && floats.exampleShape == [1])
        let tokens = try pair(NumericArray([5, 6, 7, 8] as [Int64], shape: [2, 2]), labels)
        #expect(tokens.inputs == .tokens([5, 6, 7, 8]) && tokens.floatInputs == [5, 6, 7, 8])
        let images = try pair(NumericArray([Int32](repeating: 3, count: 24), shape: [2, 3, 2, 2]), labels)
        #expect(images.exampleShape == [3, 2, 2] && images.inputs == .doubles([Double](repeating: 3, count: 24)))
        #expect(floats.targets == .classes([1, 0], count: 2))
    }

    /// Bytes are divided by 255 where they are images, and stay numbers in a table; either way that is said.
    @Test(arguments: [
        ([4], false), ([4, 3], false), ([4, 1], false), ([4, 2, 3], true), ([4, 1, 2, 3], true), ([4, 3, 1, 1], true),
    ])
    func bytes(_ shape: [Int], _ areImages: Bool) throws {
        let bytes = (0..<shape.reduce(1, *)).map { UInt8($0 * 10) }
        let found = try pair(NumericArray(bytes, shape: shape), NumericArray([0, 1, 0, 1] as [Int]))
        #expect(found.inputs == .floats(bytes.map { areImages ? Float($0) / 255 : Float($0) }))
        #expect(found.remarks.count == 1 && found.remarks[0].contains("divided by 255"))
        #expect(found.remarks[0].contains("images are divided") == false || areImages)
        #expect(found.remarks[0].contains("table") != areImages)
        for other in [
            NumericArray(bytes.map { Int16($0) }.map(Int32.init), shape: shape),
            NumericArray(bytes.map(Float.init), shape: shape),
        ] {
            #expect(try pair(other, NumericArray([0, 1, 0, 1] as [Int])).remarks.isEmpty)
        }
    }

    /// Names in the first line are said.
    @Test func namesInACSVFile() throws {
        let folder = try Folder()
        try folder.write(Array("width,height,label\n1,2,0\n3,4,1\n".utf8), to: "named.csv")
        try folder.write(Array("1,2,0\n3,4,1\n".utf8), to: "plain.csv")
        let named = try DataSpecification.csv(file: folder.path("named.csv")).load()
        #expect(named.count == 2 && named.remarks == ["the first line holds names: width, height, label"])
        let plain = try DataSpecification.csv(file: folder.path("plain.csv")).load()
        #expect(plain.remarks.isEmpty && plain.inputs == named.inputs && plain.targets == named.targets)
    }

    @Test func tellsClassesFromValues() throws {
        let x = NumericArray([1, 2, 3] as [Float])
        #expect(try pair(x, NumericArray([0, 2, 1.0])).targets == .classes([0, 2, 1], count: 3))
        #expect(try pair(x, NumericArray([0, 2, 1.5])).targets == .values([0, 2, 1.5], width: 1))
        #expect(try pair(x, NumericArray([0, 2, -1.0])).targets == .values([0, 2, -1], width: 1))
        #expect(
            try pair(x, NumericArray([1, 0, 0, 1, 1, 0.0], shape: [3, 2])).targets
                == .values([1, 0, 0, 1, 1, 0], width: 2))
        #expect(
            try pair(x, NumericArray([4, 0, 0] as [UInt8], shape: [3, 1])).targets == .classes([4, 0, 0], count: 5))
    }

    @Test func namesTheRowThatCannotBeUsed() {
        let y = NumericArray([0, 1] as [Int])
        let x = NumericArray([1.0, 2])
        #expect(
            message { _ = try pair(NumericArray([1, 2, 3, Double.nan], shape: [2, 2]), y) }.contains(
                "row 1 holds the input nan"))
        #expect(
            message { _ = try pair(NumericArray([1, .infinity] as [Float]), y) }.contains("row 1 holds the input inf"))
        #expect(message { _ = try pair(x, NumericArray([0, -3] as [Int])) }.contains("row 1 has the label -3"))
        #expect(
            message { _ = try pair(x, NumericArray([0, 1_000_000] as [Int])) }.contains("row 1 has the label 1000000"))
        #expect(message { _ = try pair(x, NumericArray([Double.nan, 0])) }.contains("row 0 has the target nan"))
        #expect(message { _ = try pair(x, NumericArray([0] as [Int])) }.contains("2 inputs and 1 targets"))
        #expect(
            message { _ = try pair(NumericArray([] as [Double]), NumericArray([] as [Int])) }.contains("no examples"))
        #expect(message { _ = try pair(NumericArray([1.0], shape: []), y) }.contains("inputs of shape []"))
        #expect(
            message { _ = try pair(NumericArray([] as [Double], shape: [2, 0]), y) }.contains("inputs of shape [2, 0]"))
        #expect(
            message { _ = try pair(x, NumericArray([1, 0] as [Int], shape: [2, 1, 1, 1, 1, 1, 1])) }.contains(
                "targets of shape [2, 1, 1, 1, 1, 1, 1]"))
        #expect(
            message { _ = try pair(NumericArray([1, -2] as [Int], shape: [2, 1]), y) }.contains(
                "row 1 holds the integer -2"))
        #expect(message { _ = try pair(x, NumericArray([] as [Double], shape: [2, 0])) }.contains("targets of shape"))
    }

    @Test func readsArchivesUnderTheUsualNames() throws {
        try Folder.with { folder in
            let (x, y) = (NumericArray([1.0, 2]), NumericArray([0, 1] as [Int]))
            let (xTest, yTest) = (NumericArray([3.0]), NumericArray([0] as [Int]))
            for (a, b) in [("x", "y"), ("X", "y"), ("images", "labels"), ("x_train", "y_train")] {
                try NPZ.write([(a, .array(x)), (b, .array(y))], to: folder + "/a.npz")
                let data = try DataSpecification("npz:\(folder)/a.npz")
                #expect(try data.load().count == 2)
                #expect(message { _ = try data.load(.test) }.contains("no test split"))
            }
            try NPZ.write(
                [("x_train", .array(x)), ("y_train", .array(y)), ("x_test", .array(xTest)), ("y_test", .array(yTest))],
                deflated: true, to: folder + "/b.npz")
            let test = try DataSpecification("npz:\(folder)/b.npz").load(.test)
            #expect(test.doubleInputs == [3] && test.classCount == 2)
            try NPZ.write([("a", .array(x))], to: folder + "/c.npz")
            #expect(
                message { _ = try DataSpecification("npz:\(folder)/c.npz").load() }.contains(
                    "found the arrays a, expected"))
            #expect(message { _ = try DataSpecification("npz:\(folder)/d.npz").load() }.contains("no such file"))
        }
    }

    @Test func readsTablesAndPairs() throws {
        try Folder.with { folder in
            try AtomicFile.write("a,b,label\n1,2,0\n3,4,2\n", to: folder + "/t.csv")
            let table = try DataSpecification("csv:\(folder)/t.csv").load()
            #expect(table.doubleInputs == [1, 2, 3, 4] && table.targets == .classes([0, 2], count: 3))
            try AtomicFile.write("1,2,0\n3,4,255\n5,6,-1\n", to: folder + "/i.csv")
            for (ignored, wanted) in [(-1, 256), (255, nil)] as [(Int, Int?)] {
                let roles = DataRoles(ignoreIndex: ignored)
                let found = try? DataSpecification("csv:\(folder)/i.csv").load(.train, roles)
                #expect(found?.classCount == wanted)
            }
            try AtomicFile.write("1,2,0.5\n", to: folder + "/r.csv")
            #expect(
                message { _ = try DataSpecification("csv:\(folder)/r.csv").load() }.contains("row 0 has the label 0.5"))
            try NPY.write(NumericArray([1.0, 2], shape: [2, 1]), to: folder + "/x.npy")
            try NPY.write(NumericArray([1, 0] as [UInt8]), to: folder + "/y.npy")
            let data = try DataSpecification("npy:\(folder)/x.npy,\(folder)/y.npy")
            #expect(try data.load().labels == [1, 0])
            #expect(message { _ = try data.load(.test) }.contains("no test split"))
        }
    }
}
