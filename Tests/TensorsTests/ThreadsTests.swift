import CKernels
import Foundation
import Testing

@testable import Tensors

@Suite(.serialized) struct ThreadsTests {
    /// How often each index was visited, counted without a race: every index has its own place, and a place visited twice at one
    /// time would still be counted as not once.
    private func visits(_ count: Int) -> [Int32] {
        let places = UnsafeMutablePointer<Int32>.allocate(capacity: count)
        defer { places.deallocate() }
        places.initialize(repeating: 0, count: count)
        nonisolated(unsafe) let shared = places
        Threads.forEach(count) { i, _ in shared[i] += 1 }
        return (0..<count).map { places[$0] }
    }

    @Test(arguments: [0, 1, 2, 3, 7, 64, 10_001]) func everyIndexOnce(_ count: Int) {
        let before = Threads.count
        defer { Threads.count = before }
        for threads in [1, 2, 3, 7] {
            Threads.count = threads
            for _ in 0..<20 { #expect(visits(count) == [Int32](repeating: 1, count: count)) }
        }
    }

    /// Loops within loops, and loops of several callers at once.
    @Test func nestedAndConcurrent() {
        let before = Threads.count
        defer { Threads.count = before }
        Threads.count = 4
        let callers = 6, outer = 17, inner = 23
        let places = UnsafeMutablePointer<Int32>.allocate(capacity: callers * outer * inner)
        defer { places.deallocate() }
        places.initialize(repeating: 0, count: callers * outer * inner)
        nonisolated(unsafe) let shared = places
        DispatchQueue.concurrentPerform(iterations: callers) { caller in
            for _ in 0..<50 {
                Threads.forEach(outer) { i, _ in
                    Threads.forEach(inner) { j, _ in shared[(caller * outer + i) * inner + j] += 1 }
                }
            }
        }
        #expect((0..<(callers * outer * inner)).allSatisfy { places[$0] == 50 })
    }

    #if os(Linux)
        /// Workers that leave the caller's processor may run everywhere afterwards.
        @Test func processorsStayAsTheyAre() {
            let before = Threads.count, loops = 300
            defer { Threads.count = before }
            Threads.count = 3
            @Sendable func processors() -> Substring? {
                let status = try? String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8)
                return status?.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") }
            }
            let own = processors()
            let isSame = UnsafeMutablePointer<Bool>.allocate(capacity: 8 * loops)
            defer { isSame.deallocate() }
            isSame.initialize(repeating: false, count: 8 * loops)
            nonisolated(unsafe) let shared = isSame
            for loop in 0..<loops {
                Threads.forEach(8) { i, _ in
                    shared[8 * loop + i] = own != nil && processors() == own
                    if loop % 2 == 0 { usleep(50) }  // long enough for others to wake up on any processor
                }
            }
            #expect((0..<(8 * loops)).allSatisfy { isSame[$0] })
        }
    #endif

    /// No two calls that run at one time have the same thread number, and numbers are below the capacity.
    @Test func threadNumbersAreUnique() {
        let before = Threads.count
        defer { Threads.count = before }
        Threads.count = 5
        let capacity = Threads.capacity
        let busy = UnsafeMutablePointer<Int32>.allocate(capacity: capacity),
            clashes = UnsafeMutablePointer<Int32>.allocate(capacity: 2000)
        defer {
            busy.deallocate()
            clashes.deallocate()
        }
        busy.initialize(repeating: 0, count: capacity)
        clashes.initialize(repeating: 0, count: 2000)
        nonisolated(unsafe) let (sharedBusy, sharedClashes) = (busy, clashes)
        Threads.forEach(2000) { i, thread in
            guard 0..<capacity ~= thread else {
                sharedClashes[i] = 1
                return
            }
            if sharedBusy[thread] != 0 { sharedClashes[i] = 1 }
            sharedBusy[thread] = Int32(i + 1)
            var sum = 0.0
            for k in 0..<200 { sum += Double(k * i).squareRoot() }
            if sharedBusy[thread] != Int32(i + 1) || sum < 0 { sharedClashes[i] = 1 }
            sharedBusy[thread] = 0
        }
        #expect((0..<2000).allSatisfy { clashes[$0] == 0 })
    }

    /// More threads are started between loops: a new worker must not count as one that has finished a loop, or the next loop
    /// would return before it is done.
    @Test func threadsStartedBetweenLoops() {
        let before = Threads.count
        defer { Threads.count = before }
        for _ in 0..<5 {
            for threads in 1...Threads.capacity {
                // Tests of other suites set it meanwhile, too.
                Threads.count = threads
                for _ in 0..<20 { #expect(visits(97) == [Int32](repeating: 1, count: 97)) }
            }
        }
    }

    /// A loop that takes less than another thread's waking is the caller's alone, in order.
    @Test func shortLoopsAreNotShared() {
        let before = Threads.count
        defer { Threads.count = before }
        Threads.count = 4
        func threads(_ nanoseconds: Double) -> Set<Int32> {
            var found = [Int32](repeating: -1, count: 400)
            found.withUnsafeMutableBufferPointer { places in
                ls_parallel(
                    400, nanoseconds,
                    { context, i, thread in
                        usleep(10)
                        context!.assumingMemoryBound(to: Int32.self)[i] = thread
                    }, places.baseAddress)
            }
            return Set(found)
        }
        #expect(threads(1000) == [0])
        // Another test may have the pool for a while.
        #expect((0..<200).contains { _ in threads(.infinity).count > 1 })
    }

    #if os(Linux)
        /// A program that sets nothing has all processors that it may use, and loops run on as many threads.
        @Test(arguments: [false, true]) func allProcessorsByDefault(onOneProcessor: Bool) throws {
            let folder = try #require(Bundle.main.executableURL).deletingLastPathComponent()
            let program = try #require(
                [folder, folder.appending(path: "../../../..")].map { $0.appending(path: "DefaultThreads") }.first {
                    FileManager.default.isExecutableFile(atPath: $0.path)
                }, "DefaultThreads is not built beside \(folder.path)")
            let process = Process(), output = Pipe()
            process.executableURL = onOneProcessor ? URL(filePath: "/usr/bin/taskset") : program
            // A processor that this process may use, too: the first of a list such as 0-3,8.
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let first = try #require(status.firstMatch(of: /Cpus_allowed_list:\s*([0-9]+)/)).1
            process.arguments = onOneProcessor ? ["-c", "\(first)", program.path] : []
            process.standardOutput = output
            try process.run()
            let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            let all = [ProcessInfo.processInfo.activeProcessorCount, Int(ls_threads_allowed()), Threads.capacity]
            let expected = onOneProcessor ? 1 : all.min()!
            #expect(process.terminationStatus == 0 && text == "\(expected) \(expected)\n")
        }
    #endif

    /// The default is for programs that set nothing: it does not take back what is set.
    @Test func defaultDoesNotReplaceACount() {
        let before = Threads.count
        defer { Threads.count = before }
        Threads.count = 3
        #expect(ls_threads_set_default(5) == 3 && Threads.count == 3)
    }

    @Test func countsOutOfRange() {
        let before = Threads.count
        defer { Threads.count = before }
        for (asked, given) in [
            (0, 1), (-3, 1), (.min, 1), (.max, Threads.capacity), (Threads.capacity + 1, Threads.capacity),
        ] {
            Threads.count = asked
            #expect(Threads.count == given)
        }
        #expect(Threads.capacity >= 8)
    }
}
