import Foundation

/// Which Ritz vectors a thick restart keeps.
///
/// Keeping more brings the discarded part of the spectrum further away from the wanted values, so that each step gains
/// more, and leaves room for fewer steps. The growth of the Chebyshev polynomial that separates the hardest wanted
/// value from the discarded interval, steps · acosh(1 + 2·gap/spread), is maximised over how many to keep at either
/// end, as in TRLan (Yamazaki, Bai, Simon, Wang, Wu 2010, doi:10.1145/1824801.1824805).
struct ThickRestart {
    /// Indices into the settled block's ascending values, ascending.
    let settled: [Int]
    /// Indices into the active block's ascending values, ascending.
    let active: [Int]

    init(state: RitzState, criterion: ConvergenceCriterion, capacity: Int) {
        let top = criterion.largestPositions(in: state).map { state.values[$0] }
        let bottom = criterion.smallestPositions(in: state).map { state.values[$0] }
        let wantedSettled = Set((top + bottom).filter { !$0.isActive }.map(\.index))
        settled = wantedSettled.sorted()

        let values = state.values.filter(\.isActive).map(\.value)
        let count = values.count
        let room = capacity - settled.count
        let wantedTop = top.count { $0.isActive }
        let wantedBottom = bottom.count { $0.isActive }
        // The least extreme value of either end that is still to converge.
        func hardest(_ entries: [RitzState.Entry]) -> Double? {
            entries.last { $0.isActive && !criterion.accepts($0, state) }?.value
        }
        let hardestTop = hardest(top)
        let hardestBottom = hardest(bottom)

        var best = -Double.infinity
        var choice = (bottom: wantedBottom, top: wantedTop)
        // With few vectors the estimate favours restarting after every other step. Leaving half of the room costs no more
        // products (measured on the Hessians of two trained networks) and saves most of the restarts.
        let spare = room - wantedTop - wantedBottom
        let most = min(count, room - max(1, spare / 2))
        for low in wantedBottom...max(wantedBottom, hardestBottom == nil ? wantedBottom : most) {
            for high in wantedTop...max(wantedTop, hardestTop == nil ? wantedTop : most) {
                guard low + high <= most, count - low - high >= 2 else { continue }
                let discarded = (values[low], values[count - 1 - high])
                let spread = max(discarded.1 - discarded.0, .leastNormalMagnitude)
                let gaps = [hardestTop.map { $0 - discarded.1 }, hardestBottom.map { discarded.0 - $0 }]
                let gap = max(gaps.compactMap { $0 }.min() ?? spread, 0)
                let gain = Double(room - low - high) * acosh(1 + 2 * min(gap / spread, 1e12))
                if gain > best {
                    best = gain
                    choice = (low, high)
                }
            }
        }
        let low = min(choice.bottom, count)
        let high = min(choice.top, count - low)
        active = Array(0..<low) + Array((count - high)..<count)
    }
}
