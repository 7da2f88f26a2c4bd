import Foundation

/// Parts of a file's path.
public enum FilePath {
    /// The path of the folder that a path's last name lies in: `runs` of `runs/a.png`, `/` of `/a.png`, nothing of `a.png`.
    ///
    /// (Foundation's `deletingLastPathComponent` traps on Linux where that name is a single character.)
    public static func folder(of path: String) -> String {
        func withoutSlashes(_ part: Substring) -> Substring {
            var part = part
            while part.count > 1, part.last == "/" { part.removeLast() }
            return part
        }
        let name = withoutSlashes(path[...])
        guard name != "/", let slash = name.lastIndex(of: "/") else { return name == "/" ? "/" : "" }
        return String(withoutSlashes(name[...slash]))
    }

    /// The path from the root with all links followed; `nil` where there is no such file.
    public static func resolved(_ path: String) -> String? {
        guard let pointer = realpath(system(path), nil) else { return nil }
        defer { free(pointer) }
        return text(UnsafeBufferPointer(start: pointer, count: strlen(pointer)).map { UInt8(bitPattern: $0) })
    }

    /// Where a symbolic link leads, as it says itself; `nil` where the path is none.
    public static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(system(path), &buffer, buffer.count)
        return count > 0 ? text(buffer.prefix(count).map { UInt8(bitPattern: $0) }) : nil
    }

    /// Whether a path that a file names stays in that file's folder or below it.
    public static func staysBelow(_ path: String) -> Bool {
        !path.isEmpty && !path.hasPrefix("/") && !path.contains("\0") && !path.split(separator: "/").contains("..")
    }
}
