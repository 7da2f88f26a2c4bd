"""Checks that every public declaration in Sources has a documentation comment, and prints the share and each miss.

    python3 Tests/check_documentation.py [--modules A,B] [--root FOLDER]

Counted: declarations that say `public` or `open`, requirements of public protocols, members of public extensions, and
functions, structures and macros of a C target's headers. Cases of enumerations are not counted.
"""

import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

DECLARATIONS = {
    "actor", "associatedtype", "class", "enum", "extension", "func", "init", "let", "macro", "operator",
    "precedencegroup", "protocol", "struct", "subscript", "typealias", "var",
}
MODIFIERS = {
    "borrowing", "class", "consuming", "convenience", "dynamic", "fileprivate", "final", "indirect", "infix", "internal",
    "isolated", "lazy", "mutating", "nonisolated", "nonmutating", "open", "optional", "override", "package", "postfix",
    "prefix", "private", "public", "required", "static", "unowned", "weak",
}
TOKEN = re.compile(r'///[^\n]*|//[^\n]*|/\*|#*"|[A-Za-z_]\w*|`\w+`|[@(){}\n]|[^\S\n]+|.', re.DOTALL)


def after_comment(text, position):
    """The position after the block comment that begins there; they nest."""
    depth = 0
    for match in re.compile(r"/\*|\*/").finditer(text, position):
        depth += 1 if match[0] == "/*" else -1
        if depth == 0:
            return match.end()
    return len(text)


def after_string(text, position):
    """The position after the string literal that begins there: raw or not, of one line or many, with interpolations."""
    hashes = len(text[position:]) - len(text[position:].lstrip("#"))
    position += hashes
    quote = '"""' if text.startswith('"""', position) else '"'
    position += len(quote)
    end, escape = quote + "#" * hashes, "\\" + "#" * hashes
    while position < len(text):
        if text.startswith(end, position):
            return position + len(end)
        if text.startswith(escape + "(", position):
            position = after_parentheses(text, position + len(escape))
        elif text.startswith(escape, position):
            position += len(escape) + 1
        else:
            position += 1
    return position


def after_parentheses(text, position):
    """The position after the parenthesis that closes the one there."""
    depth = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match[0].endswith('"'):
            position = after_string(text, position)
            continue
        if match[0] == "/*":
            position = after_comment(text, position)
            continue
        position = match.end()
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0:
            return position
    return position


def swift_declarations(text):
    """For each public declaration: its line, its text up to the line's end, and whether it is documented."""
    found = []
    # What each open brace belongs to: "members" counts all declarations in it, "other" those that say `public`.
    scopes, opened = [], "other"
    documented, modifiers = False, set()
    position, previous = 0, ""
    while position < len(text):
        match = TOKEN.match(text, position)
        token = match[0]
        start, position = position, match.end()
        if token.startswith("///"):
            documented = (documented and previous == "///") or bool(token[3:].strip(" /"))
            previous = "///"
            continue
        if token.isspace() or token.startswith("//"):
            continue
        if token == "/*":
            position = after_comment(text, start)
            continue
        if token.endswith('"'):
            position = after_string(text, start)
            documented, modifiers, previous = False, set(), '"'
            continue
        if token == "@":
            position = TOKEN.match(text, position).end()
            if text.startswith("(", position):
                position = after_parentheses(text, position)
            previous = "@"
            continue
        # `class` is a modifier before `func` and `var`, otherwise a declaration.
        rest = text[position:position + 40].split()
        is_modifier = token in MODIFIERS and not (token == "class" and rest[:1] not in (["func"], ["var"], ["subscript"]))
        if is_modifier and previous != ".":
            if text.startswith("(", position):  # private(set): of the setter, not of the declaration
                position = after_parentheses(text, position)
            else:
                modifiers.add(token)
            previous = token
            continue
        if token in DECLARATIONS and previous != ".":
            members = scopes[-1:] == ["members"]
            is_public = bool(modifiers & {"public", "open"}) or members
            if is_public and token != "extension":
                line = text.count("\n", 0, start) + 1
                found.append((line, text[start:].split("\n", 1)[0].strip(" {"), documented))
            if token in ("protocol", "extension") and is_public:
                opened = "members"
            elif token in ("class", "struct", "enum", "actor", "func", "init", "extension", "protocol"):
                opened = "other"
        elif token == "{":
            scopes.append(opened)
            opened = "other"
        elif token == "}" and scopes:
            scopes.pop()
        documented, modifiers, previous = False, set(), token
    return found


# Functions, type definitions, enumerations with a name, macros with a value, and the functions of a table of functions.
HEADER_DECLARATION = re.compile(
    r"""^(?!typedef|static|extern)[A-Za-z_][\w\s*]*\b\w+\s*\([^;{]*\)\s*;
      | ^typedef\b | ^enum\s+\w+\s*\{ | ^\#define\s+\w+[ (] | ^\s+[\w\s*]+\(\*\w+\)\(""", re.MULTILINE | re.VERBOSE)


def header_declarations(text):
    """As `swift_declarations`, of a C header."""
    found, lines = [], text.split("\n")
    for match in HEADER_DECLARATION.finditer(text):
        line = text.count("\n", 0, match.end() - len(match[0].lstrip()))
        found.append((line + 1, lines[line].strip(), line > 0 and lines[line - 1].lstrip().startswith("///")))
    return found


def declarations(file):
    text = file.read_text()
    return header_declarations(text) if file.suffix == ".h" else swift_declarations(text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--modules", help="only these folders of Sources, separated by commas")
    parser.add_argument("--root", type=pathlib.Path, default=ROOT, help="the package")
    arguments = parser.parse_args()

    sources = arguments.root / "Sources"
    modules = arguments.modules.split(",") if arguments.modules else sorted(p.name for p in sources.iterdir() if p.is_dir())
    count, misses = 0, []
    for module in modules:
        if not (sources / module).is_dir():
            parser.error(f"no folder {sources / module}")
        files = sorted([*(sources / module).rglob("*.swift"), *(sources / module).glob("include/*.h")])
        for file in files:
            for line, text, documented in declarations(file):
                count += 1
                if not documented:
                    misses.append(f"{file.relative_to(arguments.root)}:{line}: {text}")
    for miss in misses:
        print(miss)
    share = 100 * (count - len(misses)) / max(count, 1)
    print(f"{count - len(misses)} of {count} public declarations documented ({share:.1f} %)")
    if count == 0:
        print("no public declaration found: wrong folder?")
    return 1 if misses or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
