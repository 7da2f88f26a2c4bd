/// A unit of execution: a fused loop over elementwise operations and the reductions that consume them, or one kernel.
struct Step {
    enum Kind { case fused, kernel }
    let kind: Kind
    /// Items computed, ascending.
    var items: [Int]
    let stage: Stage
    /// Whether its items have one value for all batches.
    let isCommon: Bool
}
