/// What is executed as one: a fused loop over elementwise operations and the reductions that consume them, or a kernel.
struct Step {
    enum Kind { case fused, kernel }
    let kind: Kind
    /// Items computed, ascending.
    var items: [Int]
    let stage: Stage
    /// Whether its items are the same for every batch.
    let isCommon: Bool
}
