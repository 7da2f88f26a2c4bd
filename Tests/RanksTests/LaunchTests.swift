import Testing

@testable import Ranks

/// What the environment tells of a launcher.
struct LaunchTests {
    @Test func noLauncher() {
        #expect(Launch(["PATH": "/bin", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"]) == nil)
        #expect(Launch(["OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "1", Launch.variable: "off"]) == nil)
        #expect(Launch(["OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "2"]) == nil)
        #expect(Launch(["PMI_SIZE": "many", "PMI_RANK": "0"]) == nil)
    }

    @Test(arguments: [
        (["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3", "PMIX_RANK": "3"], "Open MPI", 3, 4),
        (["MV2_COMM_WORLD_SIZE": "2", "MV2_COMM_WORLD_RANK": "0"], "MVAPICH", 0, 2),
        (["PMI_SIZE": "8", "PMI_RANK": "7", "SLURM_STEP_NUM_TASKS": "8"], "MPICH", 7, 8),
        (["PMIX_RANK": "1", "SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "1"], "PMIx", 1, 2),
        (["SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "1"], "Slurm", 1, 2),
    ])
    func launchers(_ environment: [String: String], _ name: String, _ rank: Int, _ count: Int) throws {
        let launch = try #require(Launch(environment))
        #expect(launch.launcher == name && launch.rank == rank && launch.count == count)
    }

    @Test func allRanksOnOneMachineAreKnown() throws {
        let here = ["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3"]
        for (local, isOnOne) in [("4", true), ("2", false), (nil, false)] {
            var environment = here
            environment["OMPI_COMM_WORLD_LOCAL_SIZE"] = local
            #expect(try #require(Launch(environment)).isOnOneMachine == isOnOne)
        }
    }

    /// What another rank has differently is shown from the option on, and nothing of what is the same.
    @Test func messagesShowWhatDiffers() {
        func difference(_ a: [String], _ b: [String]) -> [String] {
            let texts = Team.difference(a.joined(separator: "\u{0}"), b.joined(separator: "\u{0}"))
            return [texts.0, texts.1]
        }
        let line = ["sharpness", "c.bin", "--rho"]
        #expect(difference(line + ["0.1"], line + ["0.05"]) == ["… --rho 0.1", "… --rho 0.05"])
        #expect(difference(["slice"], ["hessian"]) == ["slice", "hessian"])
        #expect(difference(["slice", "c.bin"], ["slice"]) == ["slice c.bin", "slice"])
        #expect(difference(["64 (6)"], ["32 (6)"]) == ["64 (6)", "32 (6)"])
    }

    @Test func tasksWithoutMPIAreRefused() throws {
        let launch = try #require(Launch(["SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "0"]))
        #expect(throws: RankError.unconnected(count: 2)) { try launch.load() }
    }

    @Test func aLibraryThatIsNoneIsRefused() throws {
        for library in ["/no/such/libmpi.so", "libm.so.6"] {
            let launch = try #require(
                Launch(["OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "0", Launch.variable: library]))
            let error = #expect(throws: RankError.self) { try launch.load() }
            guard case .noLibrary("Open MPI", let reason) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(reason.contains(library == "libm.so.6" ? "MPI_Init_thread" : library))
        }
    }

    @Test func noticesSurviveTheirBytes() throws {
        let long = String(repeating: "λ", count: 400)
        for notice in [
            Notice(.alive), Notice(.failed, code: 130, text: "no such file"), Notice(.end, code: -1, text: long),
        ] {
            let bytes = notice.bytes
            #expect(bytes.count == Notice.size)
            let read = try #require(bytes.withUnsafeBytes { Notice($0) })
            #expect(read.kind == notice.kind && read.code == notice.code)
            #expect(notice.text.hasPrefix(read.text) && read.text.count == min(notice.text.count, 252))
        }
    }
}
