"""Tests check_documentation.py on planted files.

    python3 Tests/test_check_documentation.py
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(TESTS))
from check_documentation import header_declarations, swift_declarations  # noqa: E402

SWIFT = '''
/// A documented type.
public struct Documented {
    public var missing: Int
    /// Documented,
    /// on two lines.
    @inlinable
    public static func found() {}
    ///
    public func emptyComment() {}
    // No documentation.
    public private(set) var plainComment = 0

    /// What a case says is not counted, and belongs to no later declaration.
    func internal() {}
    public init(_ text: String = "/// \\(nested("}")) public var no: Int") {}
    /// A string with everything.
    public let string = """
        /// no comment
        public func no() {}
        """
    public enum Kind: Sendable { case one, two }
    /// Read by others, set here.
    public private(set) var kept: [String: () -> Void] = [:]
}

public protocol Requirements {
    var missingRequirement: Int { get set }
    /// Documented.
    func found()
    associatedtype Missing
}

struct Internal { var a = 0 }

/* public var commentedOut: Int /* nested */ public func no() */
public extension Documented {
    func missingMember() { let local = { (x: Int) in x }; _ = local }
}
extension Documented {
    /// Found.
    public subscript(_ i: Int) -> Int { i }
    class func no() {}
    public class func missingClassMethod() {}
}
'''

HEADER = '''
// Not documentation.
#define NUMBER 3
/// A type.
typedef struct { int a; } documented;
typedef struct {
    /// Documented.
    int (*found)(int);
    void (*missing_member)(const documented *, void *);
} missing_table;
/// Documented.
int found(int a);

int missing(const documented *a, int b);
static int internal(void);
'''


class Declarations(unittest.TestCase):
    def test_swift(self):
        found = swift_declarations(SWIFT)
        missing = [text for _, text, documented in found if not documented]
        self.assertEqual(
            [text.split("(")[0].split(":")[0].split(" =")[0] for text in missing],
            ["var missing", "func emptyComment", "var plainComment", "init", "enum Kind", "protocol Requirements",
             "var missingRequirement", "associatedtype Missing", "func missingMember", "func missingClassMethod"])
        self.assertEqual(sum(documented for _, _, documented in found), 6)
        line = SWIFT.split("\n").index("    public var missing: Int") + 1
        self.assertEqual(found[1][0], line)

    def test_header(self):
        found = header_declarations(HEADER)
        self.assertEqual(
            [text.split("(const")[0] for _, text, documented in found if not documented],
            ["#define NUMBER 3", "typedef struct {", "void (*missing_member)", "int missing"])
        self.assertEqual(sum(documented for _, _, documented in found), 3)


class Program(unittest.TestCase):
    def run_on(self, text):
        with tempfile.TemporaryDirectory() as folder:
            module = pathlib.Path(folder, "Sources", "Planted")
            module.mkdir(parents=True)
            pathlib.Path(module, "File.swift").write_text(text)
            return subprocess.run(
                [sys.executable, str(TESTS / "check_documentation.py"), "--root", folder, "--modules", "Planted"],
                capture_output=True, text=True)

    def test_fails_for_one_undocumented(self):
        result = self.run_on("/// A.\npublic struct A {\n    public var b: Int\n}\n")
        self.assertEqual(result.returncode, 1)
        self.assertIn("Sources/Planted/File.swift:3: var b: Int", result.stdout)
        self.assertIn("1 of 2 public declarations documented (50.0 %)", result.stdout)

    def test_passes_when_all_are_documented(self):
        self.assertEqual(self.run_on("/// A.\npublic struct A {\n    /// B.\n    public var b: Int\n}\n").returncode, 0)

    def test_fails_where_nothing_is_found(self):
        self.assertEqual(self.run_on("struct A {}\n").returncode, 1)


if __name__ == "__main__":
    unittest.main()
