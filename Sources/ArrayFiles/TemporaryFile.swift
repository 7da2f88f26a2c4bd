import Essentials
import Foundation
import Synchronization

/// A new file under a temporary name in the folder of its destination, to be renamed when it is whole.
///
/// The name is random: process numbers repeat, in containers even at every start. The file is locked as long as its writer lives, and
/// what a killed program left is known by its lock being free.
struct TemporaryFile {
    let path: String
    let descriptor: Int32

    private static let prefix = ".landscape-", endings = [".tmp", ".trial"], mostTries = 100
    /// Folders that were cleared of leftovers.
    private static let cleared = Mutex<Set<String>>([])

    /// Why there is none, as `errno` has it.
    struct Failure: Error { let number: Int32 }

    /// - Parameter folder: "" for the current one.
    init(in folder: String) throws(Failure) {
        let folder = folder.isEmpty ? "." : folder
        if Self.cleared.withLock({ $0.insert(folder).inserted }) { Self.removeLeftovers(in: folder) }
        for _ in 0..<Self.mostTries {
            let name = Self.prefix + String(UInt64.random(in: 0 ... .max), radix: 36) + Self.endings[0]
            let path = (folder as NSString).appendingPathComponent(name)
            let descriptor = open(FilePath.system(path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else {
                if errno == EEXIST || errno == EINTR { continue }
                throw Failure(number: errno)
            }
            // Another program may look just now whether it is left over, and remove it.
            while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
            var information = stat()
            guard fstat(descriptor, &information) != 0 || information.st_nlink > 0 else {
                close(descriptor)
                continue
            }
            (self.path, self.descriptor) = (path, descriptor)
            return
        }
        throw Failure(number: EEXIST)
    }

    /// Removes the files of programs that were killed.
    private static func removeLeftovers(in folder: String) {
        guard let names = try? FilePath.names(in: folder) else { return }
        for name in names where name.hasPrefix(prefix) && endings.contains(where: name.hasSuffix) {
            let path = (folder as NSString).appendingPathComponent(name)
            let descriptor = open(FilePath.system(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            var information = stat()
            guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG,
                flock(descriptor, LOCK_EX | LOCK_NB) == 0
            else { continue }
            unlink(FilePath.system(path))
        }
    }
}
