import Foundation
import Landscape

/// What `info --mpi` says: who started this process, and which MPI there is.
struct MPIInfo {
    private let launcher: String?
    private let hosts: [String]
    private let library: String?, problem: String?
    private let isAlone: Bool

    /// Looks at the team of this process; where there is none, for the library that ranks would load.
    init() {
        launcher = Ensemble.launch?.launcher
        if let team = Team.current {
            (hosts, library, problem, isAlone) = (team.hosts, team.library, nil, false)
            return
        }
        (hosts, isAlone) = ([], true)
        switch Launch.anyLibrary(ProcessInfo.processInfo.environment) {
        case .success(let found): (library, problem) = (found, nil)
        case .failure(let error): (library, problem) = (nil, "\(error)")
        }
    }

    /// The keys of the result.
    static let keys = ["mpi"]

    var json: JSONValue {
        .object([
            ("command", .string("info")),
            (
                "mpi",
                .object([
                    ("launcher", launcher.map { .string($0) } ?? .null),
                    ("library", library.map { .string($0) } ?? .null),
                    ("problem", problem.map { .string($0) } ?? .null),
                    ("ranks", .integer(max(1, hosts.count))), ("hosts", .array(hosts.map { .string($0) })),
                    ("threads", .integer(Threads.count)),
                ])
            ),
        ])
    }

    var lines: [String] {
        let machines = Set(hosts).count
        let started =
            isAlone
            ? launcher.map { "\($0), one process" } ?? "none: this process is alone"
            : "\(launcher ?? "?"), \(hosts.count) ranks on \(machines) \(machines == 1 ? "machine" : "machines")"
        return ["launcher    \(started)"]
            + [library.map { "library     \($0)" } ?? "library     \(problem ?? "none")"]
            + ["threads     \(Threads.count)\(isAlone ? "" : " a rank")"]
            + Set(hosts).sorted().map { host in "host        \(host): ranks \(ranks(of: host))" }
    }

    private func ranks(of host: String) -> String {
        hosts.indices.filter { hosts[$0] == host }.map(String.init).shown
    }
}
