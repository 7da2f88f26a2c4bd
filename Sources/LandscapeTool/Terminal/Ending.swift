import Foundation
import Landscape

/// How the process ends where no command has a say.
enum Ending {
    /// To be called first of all.
    static func prepare() {
        ProcessEnd.skipLibraries()
        // Swift aborts where it gets no memory. Only a limit of the address space makes that happen.
        guard let bytes = MachineMemory.addressSpace else { return }
        let message = Message.error(
            "there is not enough memory: the address space is limited to \(bytes >> 10) KiB; raise the limit (ulimit -v), or lower --memory"
        )
        ProcessEnd.explainAborts(
            (ProgressForm.asked == .json ? message.json.text : "landscape: \(message.text)") + "\n", code: 1)
    }
}
