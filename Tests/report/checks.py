"""What must hold of a report's page. Each check gets the open page and the report's files, and raises AssertionError."""

import json
import math
import os
import re
import shutil
import subprocess
import tempfile

from browser import Page


class Report:
    """The folder of a report: its page, and the numbers that its data files hold."""

    def __init__(self, folder, name="index.html"):
        self.folder, self.page = folder, os.path.join(folder, name)
        with open(self.page, encoding="utf-8") as file:
            self.html = file.read()
        self.stems = sorted(
            name[:-len(".plane.json")] for name in os.listdir(folder) if name.endswith(".plane.json"))

    def data(self, number, part):
        with open(os.path.join(self.folder, f"{self.stems[number]}.{part}.json"), encoding="utf-8") as file:
            return json.load(file)


def number(text):
    """A number as the page writes it."""
    return float(text.replace("−", "-"))


def same(text, value, digits=6):
    """Whether the text is the value, to the digits that are shown."""
    return math.isclose(number(text), value, rel_tol=0.51 * 10 ** (1 - digits), abs_tol=1e-12)


def readout(page, selector=".readout.point"):
    return page.run(f"document.querySelector({json.dumps(selector)}).textContent").replace("\u00a0", " ")


# The file

def is_small(page, report):
    assert len(report.html.encode()) < 3e6, f"the page has {len(report.html.encode())} bytes"
    scripts = re.findall(r"<script(?: type=\"x-shader[^>]*)?>(.*?)</script>", report.html, re.S)
    size = sum(len(script.encode()) for script in scripts)
    assert 20_000 < size < 60_000, f"script and shaders have {size} bytes"


def is_silent(page, report):
    page.rest()
    assert not page.messages, f"the console says: {page.messages[0]}"


def loads_nothing(page, report):
    page.rest()
    others = {url for url in page.requests if not url.startswith("data:")} - {page.run("location.href")}
    assert not others, f"the page asks for {others}"
    # Before the policy, which would stop it anyway.
    loose = [url for url in re.findall(r"(?:src|srcset)=[\"']([^\"']*)", report.html) if not url.startswith("data:")]
    assert not loose, f"the page names {loose}"
    assert "@import" not in report.html and "<link" not in report.html and "url(" not in report.html.split("</style>")[0]
    for link in re.findall(r"<a href=\"([^\"]*)\"", report.html):
        place = os.path.join(report.folder, re.sub("%([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), link))
        known = f'id="{link[1:]}"' in report.html if link.startswith("#") else os.path.exists(place)
        assert known, f"a link leads nowhere: {link}"


def names_are_text(page, report):
    assert page.run("window.broken") is None, "markup in a name was carried out"
    title = page.run("document.querySelector('h1').textContent")
    assert "<script>window.broken=1&amp;'\"><img src=x onerror=window.broken=2>.bin" in title, title
    assert page.run("document.querySelectorAll('h1 *').length") == 0, "markup in the title"
    scripts = page.run("document.scripts.length")
    assert scripts == 4, f"{scripts} scripts: data, two shaders and one of its own are four"
    assert page.run("[...document.images].every((one) => one.src.startsWith('data:'))")


# The plane

def surface_turns(page, report):
    box = page.box("canvas.surface")
    before = page.picture(box)
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    page.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
    page.mouse("mouseMoved", x + 60, y, button="left", buttons=1)
    page.mouse("mouseReleased", x + 60, y, button="left", clickCount=1)
    page.mouse("mouseMoved", 2, 2)
    turned = page.picture(box)
    assert turned != before, "dragging does not turn the surface"
    # Horizontally: the camera's other angle alone would not do.
    assert page.run("getComputedStyle(document.querySelector('canvas.surface')).touchAction") == "pan-y"
    page.run("document.querySelector('canvas.surface').focus({preventScroll: true})")
    focused = page.picture(box)
    page.key("ArrowLeft")
    keyed = page.picture(box)
    assert keyed != focused, "the arrow keys do not turn the surface"
    page.key("+")
    zoomed = page.picture(box)
    assert zoomed != keyed, "plus does not zoom"
    page.mouse("mouseWheel", x, y, deltaX=0, deltaY=200)
    assert page.picture(box) != zoomed, "the wheel does not zoom a surface that has the focus"
    # All surfaces are seen from the same side.
    page.key("Home")
    page.run("document.activeElement.blur()")
    assert page.picture(box) == before, "Home does not bring the first view back"


def scale_changes(page, report):
    box = page.box("canvas.surface")
    before = page.picture(box)
    page.run("[...document.querySelectorAll('[data-kind=plane] .choice button')].find((b) => b.getAttribute('aria-pressed') === 'false' && ['linear', 'logarithmic'].includes(b.textContent)).click()")
    page.rest()
    assert page.picture(page.box("canvas.surface")) != before, "linear and logarithmic look the same"


def check_point(page, report):
    """The readout's numbers are those of the data at the point that it names; gives the point."""
    text = readout(page)
    place = re.search(r"α = (\S+), β = (\S+?)(?=run|<|$)", text)
    assert place, text
    losses = [same_loss for same_loss in re.findall(r": loss (−?[\d.e−]+|not finite), accuracy (−?[\d.]+) %", text)]
    assert len(losses) == 2, text
    for k, (loss, accuracy) in enumerate(losses):
        plane = report.data(k, "plane")
        i = min(range(len(plane["alpha"])), key=lambda n: abs(plane["alpha"][n] - number(place[1])))
        j = min(range(len(plane["beta"])), key=lambda n: abs(plane["beta"][n] - number(place[2])))
        assert same(loss, plane["values"][j][i]), f"loss {loss} at {i}, {j}, and in the data {plane['values'][j][i]}"
        assert abs(number(accuracy) - 100 * plane["accuracies"][j][i]) < 0.0051, f"accuracy {accuracy}"
    both = [report.data(k, "plane")["values"][j][i] for k in (0, 1)]
    gap = re.search(r"run: (−?[\d.e−]+)$", text)
    assert gap and same(gap[1], both[1] - both[0]), f"the difference in {text}"
    return i, j


def surface_tells(page, report):
    left, top, width, height = page.box("canvas.surface")
    found = set()
    for x, y in ((0.5, 0.55), (0.4, 0.5), (0.6, 0.5), (0.55, 0.6)):
        page.mouse("mouseMoved", left + x * width, top + y * height)
        found.add(check_point(page, report))
    assert len(found) >= 3, "the pointer over the surface does not move the point"
    page.mouse("mouseMoved", 2, 2)
    assert check_point(page, report) == center(report), "the point does not return to the checkpoint"


def center(report):
    plane = report.data(0, "plane")
    return plane["alpha"].index(0), plane["beta"].index(0)


def map_tells(page, report):
    left, top, width, height = page.box("canvas.map")
    plane = report.data(0, "plane")
    count = len(plane["alpha"])
    # The frame has room for numbers on the left and below.
    for i, j in ((2, 9), (count - 2, 3), (6, 1)):
        x = left + 46 + (width - 56) * i / (count - 1)
        y = top + height - 36 - (height - 44) * j / (count - 1)
        page.mouse("mouseMoved", x, y)
        assert check_point(page, report) == (i, j), f"the pointer is at {i}, {j}"
    # A click keeps the point.
    page.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
    page.mouse("mouseReleased", x, y, button="left", clickCount=1)
    page.mouse("mouseMoved", 2, 2)
    assert check_point(page, report) == (i, j), "a click does not keep the point"
    page.run("document.querySelector('canvas.map').focus({preventScroll: true})")
    page.key("ArrowUp")
    page.key("ArrowRight")
    assert check_point(page, report) == (i + 1, j + 1), "the arrow keys do not move the point"
    assert "loss" in page.run("document.getElementById('said').textContent"), "nothing is said of the point"
    page.key("Home")
    assert check_point(page, report) == center(report)


def map_moves_surface(page, report):
    page.box("canvas.map")
    page.run("document.querySelector('canvas.map').focus({preventScroll: true})")
    pixels = "[...document.querySelectorAll('canvas.surface')].map((one) => one.toDataURL())"
    before = page.run(pixels)
    page.key("ArrowUp", modifiers=8)
    after = page.run(pixels)
    assert len(after) == 3 and all(a != b for a, b in zip(before, after)), "the surfaces do not show the map's point"


def cuts_follow(page, report):
    page.box("canvas.map")
    page.run("document.querySelector('canvas.map').focus({preventScroll: true})")
    for _ in range(3):
        page.key("ArrowRight")
    i, j = check_point(page, report)
    titles = page.run("[...document.querySelectorAll('.cut h4')].map((one) => one.textContent)")
    plane = report.data(0, "plane")
    assert same(titles[0].split("= ")[1], plane["beta"][j], 4) and same(titles[1].split("= ")[1], plane["alpha"][i], 4), titles
    # The ends of the first cut, by keys.
    page.run("document.querySelector('.cut svg').focus({preventScroll: true})")
    for key, column in (("Home", 0), ("End", len(plane["alpha"]) - 1)):
        page.key(key)
        shown = readout(page, ".cut .readout")
        value = re.search(r"run (\S+?)(?=<|$)", shown)
        assert value and same(value[1], plane["values"][j][column]), f"{shown} and not {plane['values'][j][column]}"
    # At the last of them, the heights of the drawn line are the row of the data.
    drawn = page.run("document.querySelector('.cut path[fill=none][stroke-linejoin]').getAttribute('d')")
    heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", drawn)]
    row = plane["values"][j]
    assert len(heights) == len(row), f"{len(heights)} points of the cut"
    low, high = row.index(min(row)), row.index(max(row))
    for k, value in enumerate(row):
        share = (value - row[low]) / (row[high] - row[low])
        if page.run("document.querySelector('[data-value=linear]').getAttribute('aria-pressed')") == "true":
            assert abs(heights[k] - heights[low] - share * (heights[high] - heights[low])) < 0.2, f"point {k} of the cut"


# The other figures

def radius_slides(page, report):
    page.box("#rho")
    page.run("document.querySelector('#rho').focus({preventScroll: true})")
    curves = [report.data(k, "sharpness")["curve"] for k in (0, 1)]
    assert len(curves[0]) == 5
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.key(key)
        at = int(page.run("document.querySelector('#rho').value"))
        rows = page.run("[...document.querySelectorAll('[data-kind=sharpness] tbody tr')].map((row) => [...row.cells].map((one) => one.textContent))")
        for row, curve in zip(rows, curves):
            worst, average = curve[at]["worst_case"], curve[at]["average_case"]
            for text, value in zip(row[1:6], (worst["lower_bound"], worst["one_step"], worst["estimate"], worst["quadratic_model"], average["value"])):
                assert same(text, value), f"{row} at {curve[at]['rho']}"
        assert same(page.run("document.querySelector('#rho').getAttribute('aria-valuetext')").split("= ")[1], curves[0][at]["rho"], 4)
    assert at == 4, "the keys do not move the slider"


def spectrum_tells(page, report):
    page.box("[data-kind=spectrum] svg.chart")
    page.run("document.querySelector('[data-kind=spectrum] svg.chart').focus({preventScroll: true})")
    page.key("End")
    spectra = [report.data(k, "hessian") for k in (0, 1)]
    owner = 0 if spectra[0]["eigenvalues"][0] > spectra[1]["eigenvalues"][0] else 1
    text = readout(page, "[data-kind=spectrum] .readout")
    found = re.search(r"λ1 = (\S+), residual ([\d.e−]+)", text)
    assert found, text
    assert same(found[1], spectra[owner]["eigenvalues"][0]) and same(found[2], spectra[owner]["residuals"][0], 3), text
    # By pointer, at the place of the key's cursor.
    spot = page.run("(() => { const b = document.querySelector('[data-kind=spectrum] .cursor').getBoundingClientRect(); return [b.left, b.top + 40]; })()")
    page.mouse("mouseMoved", *spot)
    assert "λ1 = " in readout(page, "[data-kind=spectrum] .readout"), "the pointer finds no eigenvalue"


def path_plays(page, report):
    page.box("[data-kind=path] .tools")
    points = report.data(0, "trajectory")["points"]
    slider = "document.querySelector('[data-kind=path] input')"
    assert int(page.run(f"{slider}.max")) == len(points) - 1 > 2
    page.run("document.querySelector('[data-kind=path] button').focus()")
    before = page.run("document.querySelector('[data-kind=path] canvas').toDataURL()")
    page.key("Enter")
    assert int(page.run(f"{slider}.value")) < len(points) - 1, "playing does not begin at the first checkpoint"
    assert page.run("document.querySelector('[data-kind=path] canvas').toDataURL()") != before
    page.run(f"new Promise((done) => setTimeout(done, {500 * len(points) + 500}))")
    assert int(page.run(f"{slider}.value")) == len(points) - 1, "playing does not come to an end"
    page.run(f"{slider}.focus()")
    page.key("ArrowLeft")
    text = readout(page, "[data-kind=path] .live > .readout")
    point = points[-2]
    found = re.search(r"step (\d+), epoch (\d+): loss (\S+), accuracy (\S+) %; in the plane (\S+);", text)
    assert found and int(found[1]) == point["step"] and same(found[3], point["loss"]) and same(found[5], point["plane_loss"]), text


def values_agree(page, report):
    """One quantity has one value: table, slider and data."""
    rows = dict(page.run("[...document.querySelectorAll('.measures tbody tr')].map((row) => [row.dataset.key, [...row.cells].slice(1).map((one) => one.firstChild.textContent.trim())])"))
    with open(os.path.join(report.folder, "compare.json"), encoding="utf-8") as file:
        compared = json.load(file)["checkpoints"]
    keys = {"loss": "train_loss", "other_loss": "test_loss", "lambda_max": "lambda_max", "trace": "trace", "worst_case": "worst_case",
            "average_case": "average_case", "weight_norm": "weight_norm", "gradient_norm": "gradient_norm", "slice_rise": "slice_rise"}
    for k in (0, 1):
        sharpness, hessian, line = (report.data(k, part) for part in ("sharpness", "hessian", "slice"))
        at = next(point for point in sharpness["curve"] if point["rho"] == 0.05)
        own = {"loss": line["center"], "lambda_max": hessian["eigenvalues"][0], "trace": hessian["trace"]["value"],
               "worst_case": at["worst_case"]["lower_bound"], "average_case": at["average_case"]["value"]}
        for key, name in keys.items():
            text = rows[key][k].replace("≥ ", "")
            assert re.fullmatch(r"−?[\d.]+(e−?\d+)?", text), f"{key}: '{text}' is no number"
            assert same(text, compared[k][name], 4), f"{key}: {text} in the table, {compared[k][name]} in compare.json"
            assert key not in own or own[key] == compared[k][name], f"{key} has two values"
        assert compared[k]["average_case_standard_error"] == at["average_case"]["standard_error"]


def verdicts_follow_errors(page, report):
    """A difference is called larger than the errors where it is: residuals added, intervals combined by Zou & Donner 2008."""
    rows = dict(page.run("[...document.querySelectorAll('.measures tbody tr')].map((row) => [row.dataset.key, row.cells[3].querySelector('small').textContent])"))
    spectra = [report.data(k, "hessian") for k in (0, 1)]
    averages = [next(point for point in report.data(k, "sharpness")["curve"] if point["rho"] == 0.05)["average_case"] for k in (0, 1)]
    ranges = {
        "lambda_max": [(one["eigenvalues"][0], one["residuals"][0], one["residuals"][0]) for one in spectra],
        "trace": [errors(one["trace"]) for one in spectra], "average_case": [errors(one) for one in averages],
    }
    for key, values in ranges.items():
        (low, _, up), (high, down, _) = sorted(values)
        reach = up + down if key == "lambda_max" else math.hypot(up, down)
        wanted = "larger than the errors" if high - low > reach else "within the errors"
        assert rows[key] == wanted, f"{key} is called {rows[key]}, and {low} and {high} differ {wanted}"
    assert rows["worst_case"] == rows["keskar"] == "open: lower bounds" and rows["loss"] == "exact for these data", rows
    text = page.run("document.querySelector('.lead').textContent").replace("\u00a0", " ")
    larger, within = (text.find(word + " the errors are") for word in ("Larger than", "Within"))
    for key, words in (("lambda_max", "largest eigenvalue"), ("trace", "trace of the Hessian"), ("average_case", "average case")):
        place = text.index(words)
        is_larger = larger >= 0 and place > larger and not 0 <= within < place
        assert is_larger == rows[key].startswith("larger"), f"the summary says otherwise of the {words}: {text}"


def errors(estimate):
    """A value, and how far it reaches down and up."""
    low, high = estimate["interval95"]
    return estimate["value"], estimate["value"] - low, high - estimate["value"]


def summary_is_three_sentences(page, report):
    text = page.run("document.querySelector('.lead').textContent")
    for name in page.run("JSON.parse(document.getElementById('data').textContent).checkpoints.map((one) => one.name)"):
        text = text.replace(name, "NAME")
    sentences = re.findall(r"[^.]+(?:\.\d[^.]*)*\.(?=\s|$)", text)
    assert len(sentences) == 3, sentences
    assert "better" not in text and "NAME" in text and "errors" in text, text


# For everyone

FOCUSABLE = "a[href], button, input, summary, [tabindex='0']"


def keyboard_reaches_all(page, report):
    wanted = page.run(
        f"(() => {{ const all = [...document.querySelectorAll(\"{FOCUSABLE}\")].filter((one) => one.checkVisibility());"
        " all.forEach((one, k) => { one.dataset.number = k; }); return all.length; })()")
    every = page.run("[...document.querySelectorAll('button, canvas, svg.chart, input, pre')].filter((one) => one.checkVisibility()).length")
    reached, unseen = set(), []
    for _ in range(wanted + 5):
        page.call("Input.dispatchKeyEvent", type="rawKeyDown", key="Tab", windowsVirtualKeyCode=9)
        page.call("Input.dispatchKeyEvent", type="keyUp", key="Tab", windowsVirtualKeyCode=9)
        found, outline = page.run(
            "(() => { const e = document.activeElement, s = getComputedStyle(e);"
            " return [e.dataset.number ?? null, s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2]; })()")
        if found is None:
            continue
        reached.add(int(found))
        if not outline:
            unseen.append(int(found))
    missing = set(range(wanted)) - reached
    assert not missing, "the Tab key does not reach " + page.run(
        f"document.querySelector('[data-number=\"{min(missing)}\"]').outerHTML.slice(0, 120)")
    assert not unseen, f"the focus is not seen on {len(unseen)} of {wanted} elements"
    hidden = page.run("[...document.querySelectorAll('button, canvas, svg.chart, input')].filter((one) => one.checkVisibility() && one.tabIndex < 0).length")
    assert not hidden and every > 30, f"{hidden} elements are left out of the Tab key's round"


def pictures_have_words(page, report):
    for name in page.run(
            "[...document.querySelectorAll('img')].map((one) => one.alt)"):
        assert len(name) > 60 and re.search(r"\d", name), f"a picture's words say no number: '{name}'"
    for name in page.run("[...document.querySelectorAll('canvas[tabindex], svg.chart, svg.bar')].map((one) => one.getAttribute('aria-label') || '')"):
        assert len(name) > 30, f"a picture says '{name}'"
    for kind in page.run("[...document.querySelectorAll('[tabindex=\"0\"], input')].filter((one) => one.tagName !== 'PRE' && !one.getAttribute('aria-label') && !(one.id && document.querySelector(`label[for='${one.id}']`))).map((one) => one.outerHTML.slice(0, 80))"):
        raise AssertionError(f"no name for {kind}")


CONTRAST = """(() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const parts = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => { const f = [r, g, b].map((c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; }); return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor); if (c[3] > 0) return c; } return [255, 255, 255]; };
  const bad = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const e = node.parentElement;
    if (!node.textContent.trim() || ['SCRIPT', 'STYLE'].includes(e.tagName) || !(e.checkVisibility() || e.closest('[role=tooltip]'))) continue;
    const style = getComputedStyle(e), isDrawn = e.namespaceURI.endsWith('svg');
    const a = light(parts(isDrawn ? style.fill : style.color)), b = light(ground(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push(`${ratio.toFixed(2)} of '${node.textContent.trim().slice(0, 30)}'`);
  }
  const lines = [0, 1, 2, 3, 4, 5].map((k) => [`series ${k}`, getComputedStyle(document.documentElement).getPropertyValue(`--series-${k}`)]);
  for (const [name, color] of lines) {
    const a = light(parts(color)), b = light(ground(document.body)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 3) bad.push(`${ratio.toFixed(2)} of ${name}`);
  }
  return bad;
})()"""


def contrast_is_enough(page, report):
    """WCAG 2.2 AA: 4.5 for text, 3 for lines that mean something."""
    for is_dark in (False, True):
        page.dark(is_dark)
        page.rest()
        bad = page.run(CONTRAST)
        assert not bad, f"contrast {'in the dark ' if is_dark else ''}{bad[0]}, and {len(bad) - 1} more"
    ground = page.run("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in re.findall(r"\d+", ground)) < 60, f"the dark page is {ground}"


def fits_a_phone(page, report):
    page.size(390, 844, 2, True)
    page.open(report.page)
    page.rest()
    width = page.run("document.documentElement.scrollWidth")
    assert width <= 390, f"the page is {width} wide on a phone of 390"
    over = page.run("[...document.querySelectorAll('canvas, svg.chart, img, button')].filter((one) => one.checkVisibility() && (one.getBoundingClientRect().right > 391 || one.getBoundingClientRect().left < -1) && !one.closest('.wide')).map((one) => one.outerHTML.slice(0, 80))")
    assert not over, f"cut off on a phone: {over[0]}"
    assert page.run("document.querySelector('canvas.map').width / document.querySelector('canvas.map').clientWidth") > 1.9, "pixels of the screen are not used"


def words_have_meanings(page, report):
    page.box(".measures .term")
    for selector in page.run("[...document.querySelectorAll('.term a')].map((one) => '#' + CSS.escape(one.getAttribute('aria-describedby')))"):
        assert page.run(f"document.querySelector({json.dumps(selector)}).textContent.length") > 40, selector
    tip = "getComputedStyle(document.querySelector('.measures [role=tooltip]')).display"
    assert page.run(tip) == "none"
    page.run("document.querySelector('.measures .term a').focus()")
    assert page.run(tip) == "block", "a focused word does not show its meaning"
    page.run("document.activeElement.blur()")
    left, top, width, height = page.box(".measures .term")
    page.mouse("mouseMoved", left + 5, top + height / 2)
    assert page.run(tip) == "block", "a word under the pointer does not show its meaning"
    missing = page.run("[...document.querySelectorAll('.term a')].filter((one) => !document.querySelector(one.getAttribute('href'))).length")
    assert missing == 0, "a word is not in the glossary"


def commands_copy(page, report):
    page.call("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    left, top, width, height = page.box("button.copy")
    for kind in ("mousePressed", "mouseReleased"):
        page.mouse(kind, left + width / 2, top + height / 2, button="left", clickCount=1)
    page.rest()
    assert page.run("document.querySelector('button.copy').textContent") == "Copied"
    shown = page.run("document.querySelector('.command code').textContent")
    assert page.run("navigator.clipboard.readText()") == shown and shown.startswith("landscape slice run/ckpt.bin"), shown
    # Names are quoted for a shell.
    other = page.run("[...document.querySelectorAll('.command code')].at(-1).textContent")
    words = subprocess.run(["sh", "-c", "printf '%s\\n' " + other], capture_output=True, text=True).stdout.split("\n")
    assert words[2] == "<script>window.broken=1&amp;'\"><img src=x onerror=window.broken=2>.bin", words


# Where something is missing

def paper_keeps_headings(page, report):
    if shutil.which("pdftotext") is None:
        raise AssertionError("no pdftotext; install Debian's package poppler-utils")
    headings = page.run("[...document.querySelectorAll('h2, h3')].filter((one) => one.checkVisibility() && !one.closest('nav')).map((one) => one.textContent)")
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(page.paper())
        file.flush()
        text = subprocess.run(["pdftotext", "-layout", file.name, "-"], capture_output=True, text=True, check=True).stdout
        images = subprocess.run(["pdfimages", "-list", file.name], capture_output=True, text=True, check=True).stdout
    sheets = [[line.strip() for line in sheet.split("\n") if line.strip()] for sheet in text.split("\f")]
    # Maps are images; the other figures are drawn, with their words.
    with_maps = {int(line.split()[0]) - 1 for line in images.split("\n")[2:] if line.strip()}
    assert len(sheets) >= 4 and with_maps, f"{len(sheets)} sheets, maps on {len(with_maps)}"
    for number, lines in enumerate(sheets):
        if lines and lines[-1] in headings:
            assert lines[-1] == "The loss on a plane" and number in with_maps, f"a sheet ends with the heading '{lines[-1]}'"
    for heading, figure in (("The loss on a plane", None), ("The loss along one direction", "Loss along one direction"),
                            ("Sharpness over the radius", "Sharpness over ρ"), ("Spectrum of the Hessian", "Spectral density")):
        number = next((number for number, lines in enumerate(sheets) if heading in lines), None)
        assert number is not None, f"'{heading}' is not printed"
        is_with = number in with_maps if figure is None else any(re.match(figure, line) for line in sheets[number])
        assert is_with, f"'{heading}' stands apart from its figure"
    assert not any("Still picture" in line or line == "Copy" for lines in sheets for line in lines), "buttons are printed"


def stills_stay_without_scripts(page, report):
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.open(report.page, has_scripts=False)
    seen = page.run("[...document.querySelectorAll('figure.shown .still img')].filter((one) => one.checkVisibility() && one.naturalWidth > 100).length")
    assert seen >= 6, f"{seen} pictures without scripts"
    assert page.run("[...document.querySelectorAll('.live')].every((one) => one.hidden)")
    assert page.run("[...document.querySelectorAll('button')].every((one) => !one.checkVisibility())"), "buttons that do nothing"
    page.call("Emulation.setScriptExecutionDisabled", value=False)


def stills_come_back(page, report):
    still = "document.querySelector('[data-kind=plane] .still').checkVisibility()"
    assert not page.run(still)
    page.run("document.querySelector('[data-kind=plane] .toggle').click()")
    assert page.run(still) and not page.run("document.querySelector('[data-kind=plane] .live').checkVisibility()")
    page.run("document.querySelector('[data-kind=plane] .toggle').click()")
    page.rest()
    assert not page.run(still)


def maps_work_without_webgl(page, report):
    with Page("--disable-3d-apis") as other:
        other.size(1200)
        other.open(report.page)
        assert other.run("document.createElement('canvas').getContext('webgl2')") is None, "WebGL is on"
        assert "WebGL is off" in other.run("document.querySelector('[data-kind=plane] .live').textContent")
        assert other.run("document.querySelectorAll('canvas.surface').length") == 0
        map_tells(other, report)


def holes_are_said(page, report):
    """Values that are not finite: the data have null for them."""
    start = report.html.index('id="data">') + len('id="data">')
    end = report.html.index("</script>", start)
    data = json.loads(report.html[start:end])
    plane = data["checkpoints"][0]["plane"]
    width = len(plane["alpha"])
    for j in range(9, width):
        for i in range(0, 4):
            plane["loss"][j * width + i] = plane["accuracy"][j * width + i] = None
    path = os.path.join(report.folder, "holes.html")
    with open(path, "w", encoding="utf-8") as file:
        file.write(report.html[:start] + json.dumps(data).replace("<", "\\u003c") + report.html[end:])
    try:
        before = page.run("document.querySelector('canvas.map').toDataURL()")
        page.open(path)
        assert page.run("document.querySelector('canvas.map').toDataURL()") != before, "holes are not drawn"
        left, top, width, height = page.box("canvas.map")
        page.mouse("mouseMoved", left + 50, top + 12)
        text = readout(page)
        assert ": loss not finite" in text and ": not finite" in text, text
        assert not page.messages, page.messages
    finally:
        os.remove(path)


ALL = [
    is_small, is_silent, loads_nothing, names_are_text, values_agree, verdicts_follow_errors, summary_is_three_sentences, surface_turns, scale_changes,
    surface_tells, map_tells, map_moves_surface, cuts_follow, radius_slides, spectrum_tells, path_plays, keyboard_reaches_all,
    pictures_have_words, contrast_is_enough, fits_a_phone, words_have_meanings, commands_copy, paper_keeps_headings,
    stills_stay_without_scripts, stills_come_back, maps_work_without_webgl, holes_are_said,
]
