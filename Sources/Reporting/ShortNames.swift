import Foundation

/// Names of files for titles and keys: the last part of each path, and as many folders before it as tell them apart.
public func shortNames(_ paths: [String]) -> [String] {
    let parts = paths.map { ($0 as NSString).pathComponents.filter { $0 != "/" } }
    let most = parts.map(\.count).max() ?? 1
    for depth in 1...max(1, most) {
        let names = parts.map { $0.suffix(depth).joined(separator: "/") }
        if Set(names).count == Set(paths).count { return names }
    }
    return paths
}
