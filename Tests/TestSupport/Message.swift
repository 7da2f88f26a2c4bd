/// What the error that `body` throws says; "none" where it throws none.
public func message(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "none"
    } catch {
        return "\(error)"
    }
}
