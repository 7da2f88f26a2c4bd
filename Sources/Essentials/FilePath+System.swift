import Foundation

extension FilePath {
    /// A path that the system gave. Linux takes any bytes for a name, and a `String` holds text alone: a byte that is no part of UTF-8
    /// becomes a character of its own, U+10FF80 to U+10FFFF (of a plane for private use), which `system(_:)` turns into the byte again.
    public static func text(_ bytes: some Sequence<UInt8>) -> String {
        var result = "", rest = Array(bytes)[...]
        while !rest.isEmpty {
            let (text, length) = firstCharacter(rest)
            result.unicodeScalars.append(text)
            rest = rest.dropFirst(length)
        }
        return result
    }

    /// The bytes of a path as the system takes it, with a zero at the end.
    public static func system(_ path: String) -> [CChar] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(path.utf8.count + 1)
        for scalar in path.unicodeScalars {
            if foreign.contains(scalar.value) {
                bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            } else {
                bytes += Array(String(scalar).utf8)
            }
        }
        return (bytes + [0]).map { CChar(bitPattern: $0) }
    }

    /// Stand for bytes from 0x80.
    static let foreign: ClosedRange<UInt32> = 0x10FF80...0x10FFFF

    private static func firstCharacter(_ bytes: ArraySlice<UInt8>) -> (Unicode.Scalar, length: Int) {
        var decoder = UTF8(), iterator = bytes.prefix(4).makeIterator()
        // What stands for a byte here has no other meaning in names that are UTF-8.
        if case .scalarValue(let scalar) = decoder.decode(&iterator), !foreign.contains(scalar.value) {
            return (scalar, UTF8.width(scalar))
        }
        return (Unicode.Scalar(0x10FF00 | UInt32(bytes[bytes.startIndex]))!, 1)
    }

    /// Whether there is a file, a folder or anything else.
    public static func exists(_ path: String) -> Bool {
        var information = stat()
        return stat(system(path), &information) == 0
    }

    /// Names of what is in a folder, in any order.
    ///
    /// - Throws: `UnusableRequest` where it cannot be read.
    public static func names(in folder: String) throws -> [String] {
        guard let stream = opendir(system(folder.isEmpty ? "." : folder)) else {
            let isMissing = errno == ENOENT, reason = String(cString: strerror(errno))
            throw UnusableRequest(
                "\(folder): the folder cannot be read (\(reason))\(isMissing ? suggestion(for: folder) : "")")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { text($0.prefix { $0 != 0 }) }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Makes a folder and those around it where they are missing.
    ///
    /// - Throws: `UnusableRequest` where that cannot be done.
    public static func makeFolder(_ path: String) throws {
        guard !FileWriting.isStopped else { return }
        let around = folder(of: path)
        if !around.isEmpty, around != path, !exists(around) { try makeFolder(around) }
        guard mkdir(system(path), 0o777) != 0, errno != EEXIST else { return }
        throw UnusableRequest("\(path): the folder cannot be made (\(String(cString: strerror(errno))))")
    }
}
