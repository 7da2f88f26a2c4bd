#!/usr/bin/env python3
"""The page that `landscape report` writes, looked at by a browser.

    Tests/report/report.py [--landscape PROGRAM] [--keep FOLDER]

Trains two small networks, one of them with a path and a name full of markup, makes their report, and opens it in a headless Chromium.
Then breaks the page on purpose, property by property, and demands that the check of that property fails.
"""

import argparse
import base64
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import checks
from browser import Page

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAME = "<script>window.broken=1&amp;'\"><img src=x onerror=window.broken=2>.bin"

# What is put in place of what in the page, and the check that must see it.
FAULTS = [
    ("an error on the console", checks.is_silent, "begin();\n", "begin();\nconsole.error('no');\n"),
    ("a script that fails", checks.is_silent, "begin();\n", "begin();\nundefined.x;\n"),
    ("a picture from outside", checks.loads_nothing, "</main>", "<img alt='1' src='other.png'></main>"),
    ("a name that is markup", checks.names_are_text, "<h1>", "<h1><script>0</script>"),
    ("a verdict that does not follow", checks.verdicts_follow_errors, "<small>larger than the errors</small>", "<small>within the errors</small>"),
    ("a summary that says otherwise", checks.verdicts_follow_errors, "Larger than the errors are", "Within the errors are"),
    ("two values of one quantity", checks.values_agree, "<tr data-key=\"average_case\">", "<tr data-key=\"average_case\"><td>1</td>"),
    ("a surface that does not turn", checks.surface_turns, "camera.yaw += yaw;", ""),
    ("a surface that the keys do not turn", checks.surface_turns, "if (turns[event.key]) turnCamera(...turns[event.key]);\n\t\telse if", "if"),
    ("a scale that stays linear", checks.scale_changes, "this.isLog = value === 'log';", ""),
    ("another number under the pointer", checks.surface_tells, "loss ${words(plane.loss[k])}", "loss ${words(plane.loss[k] * 1.01)}"),
    ("a map that names another point", checks.map_tells, "this.point = [i, j];", "this.point = [j, i];"),
    ("a map that the surface ignores", checks.map_moves_surface, "if (point) this.mark(pencil, view, point, true);", ""),
    ("cuts through another point", checks.cuts_follow, "j * width + k : k * width + i", "i * width + k : k * width + j"),
    ("a slider without effect", checks.radius_slides, "const { bound, oneStep, estimate, quadratic, average, interval } = sharpness[at];", "const { bound, oneStep, estimate, quadratic, average, interval } = sharpness[0];"),
    ("another residual", checks.spectrum_tells, "words(residuals[i], 3)", "words(residuals[0] * 2, 3)"),
    ("a path that does not play", checks.path_plays, "show(at + 1)", "show(at)"),
    ("a button that no key reaches", checks.keyboard_reaches_all, "make('button', { type: 'button', text, onclick, ...more })", "make('button', { type: 'button', tabindex: -1, text, onclick, ...more })"),
    ("a focus that is not seen", checks.keyboard_reaches_all, ":focus-visible { outline: 3px", ":focus { outline: 0 } b { outline: 3px"),
    ("a picture without words", checks.pictures_have_words, "this.canvas.setAttribute('aria-label', `${describe} Arrow keys turn", "(`${describe} Arrow keys turn"),
    ("pale text", checks.contrast_is_enough, "--muted: #5a5a5a", "--muted: #9a9a9a"),
    ("pale text in the dark", checks.contrast_is_enough, "--muted: #a9adb2", "--muted: #55595e"),
    ("a page wider than a phone", checks.fits_a_phone, ".wide { overflow-x: auto;", ".wide { min-width: 600px;"),
    ("a word without its meaning", checks.words_have_meanings, ".term:focus-within [role=tooltip] { display: block; }", ""),
    ("a command that cannot be copied", checks.commands_copy, "addEventListener('click', () => copy(one))", "addEventListener('click', () => 0)"),
    ("a figure on another sheet than its heading", checks.paper_keeps_headings, "figure { break-before: avoid; }", "figure { break-before: page; }"),
    ("a heading without its figure on paper", checks.paper_keeps_headings, "h2, h3, h4 { break-after: avoid; }", "h2 { break-before: page; break-after: page; }"),
    ("holes that are not said", checks.holes_are_said, "return 'not finite';", "return '0';"),
]


def make(program, folder):
    """Trainings and their report; the page is the same for the same date."""
    def run(*words):
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "SWIFT_BACKTRACE": "enable=no"}
        done = subprocess.run([program, *words], cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"landscape {' '.join(words)}: {done.stderr}")

    os.mkdir(os.path.join(folder, "run"))
    common = ("train", "--model", "mlp:64-8-10", "--data", "digits", "--epochs", "4", "--quiet")
    run(*common, "--save-every", "1", "-o", "run/ckpt.bin")
    run(*common, "--optimizer", "sam", "--rho", "0.1", "--seed", "1", "-o", NAME)
    report = ("report", "run", NAME, "--points", "15", "--adaptive", "0.1", "--examples", "200", "--quiet")
    run(*report, "-o", "report")
    run(*report, "-o", "again", "--threads", "1")
    with open(os.path.join(folder, "report", "index.html"), encoding="utf-8") as first:
        with open(os.path.join(folder, "again", "index.html"), encoding="utf-8") as second:
            if re.sub(r" --threads \d+", "", second.read()) != first.read():
                sys.exit("the same report made again is another page")


def with_hashes(html):
    """The page with a policy that allows its script and style as they are now."""
    def digest(tag):
        start = html.rindex(f"<{tag}>") + len(tag) + 2
        text = html[start:html.index(f"</{tag}>", start)]
        return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"
    html = re.sub(r"script-src '[^']*'", f"script-src {digest('script')}", html, count=1)
    return re.sub(r"style-src '[^']*'", f"style-src {digest('style')}", html, count=1)


def attempt(check, report, path):
    """What the check has to say against a page; None if nothing."""
    with Page() as page:
        try:
            page.size(1200)
            page.open(path)
            check(page, report)
        except AssertionError as fault:
            return str(fault) or check.__name__
        except RuntimeError as fault:
            return f"{check.__name__}: {fault}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--landscape", default=os.path.join(ROOT, ".build", "release", "landscape"))
    parser.add_argument("--keep", help="a folder to work in, which stays")
    parser.add_argument("--only", help="a part of the names of checks")
    options = parser.parse_args()
    folder = options.keep or tempfile.mkdtemp()
    if options.keep:
        os.makedirs(folder, exist_ok=True)
    try:
        if not os.path.exists(os.path.join(folder, "report")):
            make(os.path.abspath(options.landscape), folder)
        sys.exit(look(folder, options.only))
    finally:
        if not options.keep:
            shutil.rmtree(folder)


def look(folder, only):
    report = checks.Report(os.path.join(folder, "report"))
    bad = 0
    for check in checks.ALL:
        if only and only not in check.__name__:
            continue
        fault = attempt(check, report, report.page)
        bad += fault is not None
        print(f"{'FAILED' if fault else 'passed'}  {check.__name__}{': ' + fault if fault else ''}", flush=True)
    with open(report.page, encoding="utf-8") as file:
        html = file.read()

    def spoiled(fault):
        """What the fault's check has to say against the page with it."""
        name, check, old, new = fault
        assert old in html, f"{name}: nothing to break: {old}"
        page = f"broken-{FAULTS.index(fault)}.html"
        path = os.path.join(report.folder, page)
        with open(path, "w", encoding="utf-8") as file:
            file.write(with_hashes(html.replace(old, new)))
        try:
            return attempt(check, checks.Report(report.folder, page), path)
        finally:
            os.remove(path)

    faults = [fault for fault in FAULTS if not only or only in fault[1].__name__]
    with concurrent.futures.ThreadPoolExecutor(min(os.cpu_count() or 1, 4)) as browsers:
        for (name, check, _, _), fault in zip(faults, browsers.map(spoiled, faults)):
            bad += fault is None
            print(f"{'seen' if fault else 'NOT SEEN'}    {name}" + (f" ({fault[:100]})" if fault else f" by {check.__name__}"), flush=True)
    print("the report's page is as it should be" if not bad else f"{bad} checks failed")
    return 1 if bad else 0


if __name__ == "__main__":
    main()
