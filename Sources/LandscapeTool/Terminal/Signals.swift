import Foundation
import Landscape

/// Requests to stop: control-C, a request to terminate, a terminal that is gone, or the end of the processor time allowed. The first is
/// noted, and long work ends at its next look; a second one ends the program at once.
enum Signals {
    /// From now on, the first request is only noted.
    static func watch() {
        // Made before a handler needs it: handlers must not.
        _ = StopRequest.isMade
        hasLauncher = Ensemble.launch.map { $0.count > 1 } ?? false
        _ = Window.errors
        // Whoever started this program may have had them blocked, which is inherited.
        var signals = sigset_t()
        sigemptyset(&signals)
        let numbers = [SIGINT, SIGTERM, SIGHUP, SIGXCPU]
        for number in numbers { sigaddset(&signals, number) }
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        for number in numbers {
            // `nohup` has it ignored, which it stays.
            var former = sigaction()
            if number == SIGHUP, sigaction(number, nil, &former) == 0,
                unsafeBitCast(former.__sigaction_handler.sa_handler, to: Int.self) == 1
            {
                continue
            }
            signal(number) { _ in
                // Launchers pass on what the terminal has sent already, and end who does not end.
                guard StopRequest.note(), !Signals.hasLauncher else { return }
                Terminal.clearAtOnce()
                _exit(130)
            }
        }
    }

    /// Read in a signal's handler.
    private nonisolated(unsafe) static var hasLauncher = false

    /// Of several ranks the first ends the work, whichever was asked.
    static var isRequested: Bool { StopRequest.isMade && Ensemble.isFirst }
    static func check() throws { if isRequested { throw Interruption() } }
}
