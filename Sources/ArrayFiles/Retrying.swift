import Foundation

/// The result of a system call, which is made again as long as a signal interrupts it. Network file systems allow that to happen to calls
/// that never wait on a disk.
func retrying(_ call: () -> Int32) -> Int32 {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}
