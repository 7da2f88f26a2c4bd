import Testing

@testable import MatrixFree
