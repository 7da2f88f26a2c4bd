/// Whether an example of the data is laid out as a model takes it. Shapes agree where they are equal but for extents of 1 and for axes
/// side by side that are flattened into one: equal numbers of elements alone say nothing of what lies where.
package enum ShapeAgreement {
    /// Whether two shapes of an example agree.
    package static func agree(_ a: [Int], _ b: [Int]) -> Bool {
        let a = a.filter { $0 != 1 }, b = b.filter { $0 != 1 }
        return a == b || isFlattened(a, b) || isFlattened(b, a)
    }

    /// Whether `a` is `b` with some axes side by side made one.
    private static func isFlattened(_ a: [Int], _ b: [Int]) -> Bool {
        var rest = b[...]
        for extent in a {
            var product = 1
            while product < extent, let next = rest.popFirst() {
                let (value, overflow) = product.multipliedReportingOverflow(by: next)
                if overflow { return false }
                product = value
            }
            if product != extent { return false }
        }
        return rest.isEmpty
    }

    /// What to do with data of another shape: the order of axes that makes them agree, where there is one, as a further part of a sentence.
    ///
    /// - Parameters:
    ///   - found: the shape of an example of the data.
    ///   - expected: the shape that a model takes.
    package static func advice(found: [Int], expected: [Int]) -> String {
        guard found.count == expected.count, found.count <= 5, found.sorted() == expected.sorted(), found != expected
        else { return "" }
        guard let order = order(found, expected, chosen: []) else { return "" }
        return "; bring the axes into the model's order with x.transpose(0, "
            + order.map { "\($0 + 1)" }.joined(separator: ", ") + ")"
    }

    private static func order(_ found: [Int], _ expected: [Int], chosen: [Int]) -> [Int]? {
        if chosen.count == expected.count { return chosen }
        for axis in found.indices where !chosen.contains(axis) && found[axis] == expected[chosen.count] {
            if let order = order(found, expected, chosen: chosen + [axis]) { return order }
        }
        return nil
    }
}
