import TestSupport
import Testing

@testable import ArrayFiles

/// The value that generate.py puts at each place of a 1 × 3 × 4 grid.
private func expected(_ type: String) -> [Double] {
    let shift = type.hasPrefix("u") ? 0 : 50
    return (0..<12).map { place -> Double in Double(10 * (place / 4) + place % 4 - shift) }
}

@Suite struct NPYTests {
    @Test func readsEveryTypeAndOrderThatNumPyWrites() throws {
        let archive = try NPZ.read(Fixtures.path("arrays/numpy.npz"))
        var checked = 0
        for name in archive.names where name.hasSuffix("_little") || name.hasSuffix("_big") {
            let array = try archive.array(name)
            #expect(array.shape == [1, 3, 4])
            if name.hasPrefix("b1") {
                #expect(array.doubles == expected("u1").map { $0.truncatingRemainder(dividingBy: 2) })
            } else {
                #expect(array.doubles == expected(name), "\(name)")
                #expect(array.floats == expected(name).map { Float($0) }, "\(name)")
                #expect(try array.integers() == expected(name).map { Int($0) }, "\(name)")
            }
            checked += 1
        }
        #expect(checked == 41)
        #expect(try archive.array("scalar") == NumericArray([2.5], shape: []))
        #expect(try archive.array("empty").shape == [0, 3])
    }

    @Test func widensHalfPrecisionExactly() throws {
        let halves = try NPZ.read(Fixtures.path("arrays/numpy.npz")).array("halves").floats
        let truth: [Float] = [
            0, -0.0, 0x1p-24, 0x1.FF8p-15, 0x1p-14, 1, 65504, .infinity, -.infinity, 0.333251953125,
        ]
        #expect(halves.map(\.bitPattern) == truth.map(\.bitPattern))
        #expect(widenedHalf(0x7E00).isNaN)
        #expect(widenedBrain(0xC040) == -3)
    }

    @Test func readsLaterVersions() throws {
        for name in ["version2.npy", "version3.npy"] {
            let array = try NPY.read(Fixtures.path("arrays/" + name))
            #expect(array == NumericArray([0, 1, 2, 3, 4, 5.0], shape: [2, 3]))
        }
    }

    @Test func writesTheHeaderThatNumPyWrites() throws {
        let bytes = NPY.encode(NumericArray([1.0, 2, 3]))
        let text = String(decoding: bytes[10..<128], as: UTF8.self)
        #expect(text.hasPrefix("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), } "))
        #expect(bytes.count == 128 + 24 && bytes[127] == 0x0A && bytes[8] == 118)
        let scalar = String(decoding: NPY.encode(NumericArray([1.0], shape: []))[10..<80], as: UTF8.self)
        #expect(scalar.contains("'shape': (), }"))
        let matrix = String(decoding: NPY.encode(NumericArray([1.0, 2], shape: [1, 2]))[10..<80], as: UTF8.self)
        #expect(matrix.contains("'shape': (1, 2), }"))
    }

    @Test(arguments: ElementType.allCases.filter { $0 != .bfloat16 })
    func roundTrips(_ type: ElementType) throws {
        let array = try NumericArray(
            shape: [2, 3], type: type, bytes: (0..<(6 * type.size)).map { UInt8($0 * 7 % 251) })
        #expect(try NPY.parse(NPY.encode(array)) == array)
    }

    @Test(arguments: ["", "x", "{\"a\": 1}", "Größe 🙂", "a\0b"])
    func roundTripsText(_ text: String) throws {
        #expect(try NPY.parseText(NPY.encode(text: text)) == text)
    }

    @Test func readsTextThatNumPyWrites() throws {
        let archive = try NPZ.read(Fixtures.path("arrays/numpy.npz"))
        #expect(try archive.text("text") == "{\"name\":\"Größe 🙂\"}")
        #expect(try archive.text("bytes") == "plain")
    }

    /// These very bytes were opened by numpy 2.4.6 and compared there (shape, type and values).
    @Test func writesBytesThatNumPyHasOpened() throws {
        let array = NumericArray((0..<6).map { Double($0) / 4 }, shape: [2, 3])
        #expect(
            SHA256.hexadecimal(NPY.encode(array)) == "eea233c8f812610ccc588bc04b37e5eb7428966a40c8f5ea5ce7223bfe8c2b30")
        let archive = try NPZ.encode([
            ("loss", .array(array)), ("steps", .array(NumericArray([3, -1] as [Int64]))),
            ("metadata", .text("{\"a\":\"ö\"}")),
        ])
        #expect(SHA256.hexadecimal(archive) == "cb58744513c51bd9d52bf91ec1d11e9c803a7f311265d72cce2030cb46c0d524")
    }

    @Test func namesEveryKindOfDamage() {
        func file(_ header: String, body: Int = 0, version: UInt8 = 1) -> [UInt8] {
            let count = UInt16(header.utf8.count)
            return NPYHeader.magic + [version, 0, UInt8(count & 255), UInt8(count >> 8)] + Array(header.utf8)
                + [UInt8](repeating: 0, count: body)
        }
        func dictionary(_ type: String, _ shape: String) -> String {
            "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
        }
        func error(_ bytes: [UInt8]) -> NPYError? {
            do {
                _ = try NPY.parse(bytes)
                return nil
            } catch {
                return error
            }
        }
        #expect(error([]) == .notNPY)
        #expect(error(Array("PK\u{3}\u{4}longer".utf8)) == .notNPY)
        #expect(error(NPYHeader.magic + [1]) == .truncatedHeader(expected: 10, found: 7))
        #expect(error(file("", version: 9)) == .unknownVersion(major: 9, minor: 0))
        #expect(error(NPYHeader.magic + [2, 0, 0, 0, 0, 0x7F]) == .headerTooLong(0x7F00_0000))
        #expect(error(NPYHeader.magic + [1, 0, 80, 0]) == .truncatedHeader(expected: 90, found: 10))
        #expect(error(file(dictionary("<c8", "(2,)"), body: 16)) == .unsupportedType("c8"))
        #expect(error(file(dictionary("|O", "(2,)"), body: 16)) == .unsupportedType("O"))
        #expect(
            error(file("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }"))
                == .unsupportedType("structured"))
        #expect(error(file(dictionary("<f8", "(2,)"), body: 15)) == .truncated(expected: 16, found: 15))
        #expect(error(file(dictionary("<f8", "(2,)"), body: 17)) == .trailingBytes(1))
        #expect(
            error(file(dictionary("<f8", "(4611686018427387904, 4)")))
                == .shapeOverflows([4_611_686_018_427_387_904, 4]))
        for broken in ["", "{", "{}", "[]", dictionary("<f8", "(-1,)"), dictionary("<f8", "(99999999999999999999,)")] {
            if case .badHeader = error(file(broken)) { continue }
            Issue.record("'\(broken)' gave \(String(describing: error(file(broken))))")
        }
        #expect(throws: NPYError.notText("f8")) { try NPY.parseText(NPY.encode(NumericArray([1.0]))) }
    }
}
