#!/usr/bin/env python3
"""The HTML report in a real browser. Screenshots stay in build/html/."""

import json
import re
import sys

from cli.browser import Browser
from cli.large_page import enlarge
from cli.place import BUILD, expect, ROOT, run, run_tests, yieldsan

HOSTILE = "</script><script>window.bad=1</script><img src=x onerror=window.bad=2>"

PROGRAM = """
import asyncio
import os
import time

def spin(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass

async def naps():
    for _ in range(3):
        time.sleep(0.03)
        await asyncio.sleep(0)

async def reads():
    fd = os.open("/etc/passwd", os.O_RDONLY)
    os.read(fd, 10)
    os.close(fd)

async def main():
    await naps()
    await reads()
    spin(0.2)
    await asyncio.sleep(0.05)

asyncio.run(main())
"""


def _page(place, name="program.py", directory=None):
    folder = place / (directory or "plain")
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(PROGRAM)
    result = run("-o", place / "traces", "--format=html", f"--report={place / 'report.html'}", "--show=notice",
                 "--fail-on=never", "python3", program)
    expect(result.status == 0, result)
    report = json.loads(yieldsan("report", "--format=json", "--show=notice", "--fail-on=never", place / "traces").out)
    return place / "report.html", report


def _keep(browser, name):
    (BUILD / "html").mkdir(exist_ok=True)
    browser.screenshot(BUILD / "html" / f"{name}.png")


def the_first_screen_says_what_is_wrong(place):
    page, report = _page(place)
    with Browser() as browser:
        browser.open(page)
        worst = report["findings"][0]
        expect(browser.run("document.querySelector('#verdict').textContent") == worst["message"], worst)
        counts = browser.run("document.querySelector('#counts').textContent")
        for severity in ("error", "warning", "notice"):
            expect(f"{report['summary'][severity]} {severity}" in counts, counts)
        cards = browser.run("[...document.querySelectorAll('.card')].map((card) => card.textContent)")
        expect(len(cards) == min(5, len(report["findings"])), cards)
        expect(worst["advice"] in cards[0], cards[0])
        expect(any("time.sleep(0.03)" in card for card in cards), cards)
        shown = [(frame["line"], PROGRAM.splitlines()[frame["line"] - 1]) for stack in worst["stacks"][:1]
                 for frame in stack["frames"] if frame.get("user")][0]
        meant = browser.run("document.querySelector('.source .meant').textContent")
        expect(meant == f"→ {shown[0]}{shown[1]}", (meant, shown))
        expect("asyncio" in browser.run("document.querySelector('#executors').textContent"), counts)
        expect(not browser.complaints(), browser.complaints())
        _keep(browser, "overview")


def findings_are_filtered_searched_and_opened(place):
    page, report = _page(place)
    with Browser() as browser:
        browser.open(page)
        browser.press("2")
        matches = "document.querySelector('#matches').textContent"
        every = len(report["findings"])
        expect(browser.run(matches) == f"{every} of {every}", browser.run(matches))
        browser.run("(() => { const select = document.querySelector('#by-severity'); select.value = 'error';"
                    " select.dispatchEvent(new Event('input', { bubbles: true })); })()")
        errors = sum(finding["severity"] == "error" for finding in report["findings"])
        expect(0 < errors < every and browser.run(matches) == f"{errors} of {every}", browser.run(matches))
        browser.run("document.querySelector('#filters').reset()")
        browser.press("/")
        browser.type("naps")
        found = sum("naps" in json.dumps(finding) for finding in report["findings"])
        expect(0 < found < every and browser.run(matches) == f"{found} of {every}", browser.run(matches))
        browser.press("Escape")
        browser.press("j")
        detail = browser.run("document.querySelector('#detail').textContent")
        expect(any(finding["id"] in detail and finding["message"] in detail for finding in report["findings"]), detail)
        expect(browser.run("document.querySelectorAll('#detail details').length") > 0, detail)
        _keep(browser, "findings")


def the_flame_graph_zooms(place):
    page, _ = _page(place)
    with Browser() as browser:
        browser.open(page)
        browser.press("3")
        info = "document.querySelector('#flame-info').textContent"
        whole = browser.run(info)
        expect(whole.endswith(" in all"), whole)
        box = browser.run("(() => { const box = document.querySelector('#flame-canvas').getBoundingClientRect();"
                          " return [box.left, box.top]; })()")
        browser.click(box[0] + 40, box[1] + 18 + 9)
        expect(browser.run(info).endswith(" in asyncio"), browser.run(info))
        browser.run("document.querySelector('#flame-reset').click()")
        expect(browser.run(info) == whole, browser.run(info))
        browser.run("(() => { const select = document.querySelector('#flame-mode'); select.value = 'busy';"
                    " select.dispatchEvent(new Event('input', { bubbles: true })); })()")
        expect(browser.run(info) != whole, whole)
        _keep(browser, "flame")


def the_timeline_shows_the_turns(place):
    page, _ = _page(place)
    with Browser() as browser:
        browser.open(page)
        data = json.loads(browser.run("document.querySelector('#data').textContent"))
        turns = [turn for timeline in data["timelines"] for turn in timeline["turns"]]
        expect(any(turn[1] >= 200_000_000 for turn in turns), data["timelines"])
        browser.press("4")
        painted = ("(() => { const canvas = document.querySelector('#timeline-canvas');"
                   " return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data"
                   ".reduce((sum, value) => (sum * 31 + value) % 1000003, 0); })()")
        before = browser.run(painted)
        browser.run("document.querySelector('#timeline-canvas').focus()")
        browser.press("+")
        expect(browser.run(painted) != before, "zooming changes nothing")
        expect(browser.run("document.querySelectorAll('#histograms .column').length") > 2, data)
        _keep(browser, "timeline")


def it_follows_the_preferred_colours(place):
    page, _ = _page(place)
    ground = "getComputedStyle(document.body).backgroundColor"
    with Browser() as browser:
        browser.prefer("light")
        browser.open(page)
        light = browser.run(ground)
        browser.prefer("dark")
        dark = browser.run(ground)
        expect(light != dark and sum(map(int, re.findall(r"\d+", dark)[:3])) < 200, (light, dark))
        _keep(browser, "dark")


def nothing_from_a_trace_becomes_markup(place):
    page, report = _page(place, name=f"a<b>&\"'{HOSTILE.replace('/', '')}.py", directory=HOSTILE)
    expect("<img" in json.dumps(report["findings"][0]), report["findings"][0])
    with Browser() as browser:
        browser.open(page)
        for key in "123456":
            browser.press(key)
        browser.press("2")
        browser.press("j")
        expect(browser.run("window.bad") is None, "a name became a script")
        expect(browser.run("document.querySelectorAll('img, b b').length") == 0, "a name became an element")
        expect(browser.run("document.scripts.length") == 2, "a name became a script element")
        expect("<img" in browser.run("document.body.innerText"), "the name is not shown")
        expect(not browser.complaints(), browser.complaints())


def nothing_is_loaded_and_no_other_script_runs(place):
    page, _ = _page(place)
    with Browser() as browser:
        browser.open(page)
        expect([url for url in browser.requests() if not url.startswith("file:")] == [], browser.requests())
        expect(len(browser.requests()) == 1, browser.requests())
        browser.run("document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.bad = 3' }))")
        expect(browser.run("window.bad") is None, "the page's policy allows any script")
        text = page.read_text()
        page.write_text(text.replace('"use strict";', '"use strict"; window.bad = 4;', 1))
        browser.open(page)
        expect(browser.run("window.bad") is None, "the hash of the script is not checked")


def many_findings_stay_usable(place):
    """2,000 findings and 200,000 turns: only what is in view is drawn."""
    page, _ = _page(place)
    enlarge(page)
    with Browser() as browser:
        browser.open(page)
        browser.press("2")
        expect(browser.run("document.querySelector('#matches').textContent") == "2,000 of 2,000", "not all are there")
        expect(0 < browser.run("document.querySelectorAll('#rows .row').length") < 100, "rows out of view are drawn")
        browser.run("document.querySelector('#table-body').scrollTop = 1000 * 28")
        browser.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        top = browser.run("Math.max(...[...document.querySelectorAll('#rows .row')].map((row) => parseInt(row.style.top)))")
        expect(top >= 1000 * 28, top)
        browser.press("4")
        for _ in range(6):
            browser.run("document.querySelector('#timeline-canvas').focus()")
            browser.press("+")
        expect(not browser.complaints(), browser.complaints())
        _keep(browser, "many")


def its_files_are_those_of_the_tree(place):
    page, _ = _page(place)
    text = page.read_text()
    for name in ("style.css", "script.js"):
        expect((ROOT / "src/report/html" / name).read_text() in text, f"{name} is not in the page as it is")
    expect("{{" not in text.split('id="data">')[0], "a mark was left in the page")


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
