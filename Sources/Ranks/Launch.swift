import CMessages
import Foundation

/// How a launcher of MPI has started this process, as the environment tells before MPI is loaded.
public struct Launch: Sendable, Equatable {
    /// Who started it, such as `Open MPI`.
    public let launcher: String
    /// Which process this is, from 0, and how many were started.
    public let rank: Int, count: Int
    /// The libraries that may be the launcher's, the likeliest first.
    let libraries: [String]
    /// Whether the launcher says that all of them are on this machine.
    let isOnOneMachine: Bool

    /// The variable that turns MPI off (`off`), for processes that have nothing to do with each other, or names the library.
    public static let variable = "LANDSCAPE_MPI"

    private static let openMPI = ["libmpi.so.40"]
    private static let mpich = ["libmpi_abi.so.1", "libmpi_abi.so.0", "libmpi.so.12", "libmpich.so.12"]

    /// Reads what Open MPI, MVAPICH, MPICH's relatives and Slurm tell their processes.
    ///
    /// - Returns: `nil` where there is no launcher.
    public init?(_ environment: [String: String]) {
        func number(_ names: String...) -> Int? { names.lazy.compactMap { environment[$0].flatMap { Int($0) } }.first }
        let wish = environment[Self.variable] ?? ""
        guard wish != "off" else { return nil }
        let found: (String, rank: Int?, count: Int?, [String])
        if let count = number("OMPI_COMM_WORLD_SIZE") {
            found = ("Open MPI", number("OMPI_COMM_WORLD_RANK", "PMIX_RANK"), count, Self.openMPI + ["libmpi_abi.so.1"])
        } else if let count = number("MV2_COMM_WORLD_SIZE") {
            found = ("MVAPICH", number("MV2_COMM_WORLD_RANK"), count, Self.mpich)
        } else if let count = number("PMI_SIZE") {
            found = ("MPICH", number("PMI_RANK"), count, Self.mpich + Self.openMPI)
        } else if let rank = number("PMIX_RANK") {
            found = ("PMIx", rank, number("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"), Self.openMPI + Self.mpich)
        } else if let count = number("SLURM_STEP_NUM_TASKS"), count > 1 {
            // Tasks of srun that were not connected.
            found = ("Slurm", number("SLURM_PROCID"), count, [])
        } else {
            return nil
        }
        guard let rank = found.rank, let count = found.count, count > 0, 0..<count ~= rank else { return nil }
        (launcher, self.rank, self.count) = (found.0, rank, count)
        libraries = found.3.isEmpty ? [] : wish.isEmpty ? found.3 : [wish]
        isOnOneMachine = number("OMPI_COMM_WORLD_LOCAL_SIZE") == count
    }

    /// The library that would be loaded here without a launcher, as `init` would choose it: for those who ask.
    public static func anyLibrary(_ environment: [String: String]) -> Result<String, RankError> {
        let wish = environment[variable] ?? ""
        return Result { () throws(RankError) in
            try load(wish.isEmpty || wish == "off" ? openMPI + mpich : [wish], for: "any launcher")
        }
    }

    /// Loads the launcher's library.
    ///
    /// - Returns: its version, and the file.
    func load() throws(RankError) -> String {
        guard !libraries.isEmpty else { throw .unconnected(count: count) }
        // Open MPI needs no network on one machine, and takes 0.2 s to look for one. What the user has set stays.
        if isOnOneMachine { setenv("OMPI_MCA_pml", "ob1", 0) }
        let library = try Self.load(libraries, for: launcher)
        // Another MPI would end the process where it finds that it cannot talk to the launcher.
        guard launcher != "Open MPI" || library.hasPrefix(launcher) else {
            throw .otherLibrary(library: library, launcher: launcher)
        }
        return library
    }

    private static func load(_ names: [String], for launcher: String) throws(RankError) -> String {
        var text = [CChar](repeating: 0, count: 400)
        let places = names.map { strdupForC($0) }
        defer { for place in places { place.deallocate() } }
        var pointers = places.map { Optional(UnsafePointer($0)) } + [nil]
        guard ls_mpi_load(&pointers, &text, UInt(text.count)) != LS_MPI_NONE else {
            let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw .noLibrary(launcher: launcher, reason: String(decoding: bytes, as: UTF8.self))
        }
        // "MPICH Version:\t4.0.2"
        return String(cString: ls_mpi_version()).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func strdupForC(_ text: String) -> UnsafeMutablePointer<CChar> {
        let bytes = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (place, byte) in bytes.enumerated() { copy[place] = byte }
        return copy
    }
}
