import Foundation

/// Files that other programs have made (Tests/Fixtures/README.md).
public enum Fixtures {
    public static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    public static func path(_ name: String) -> String { folder.appending(path: name).path }
}
