"""Rows of the HTML report in a browser: how long a large page takes to open, to search and to zoom."""

import shutil
import sys

from pairs import Group, Row, Skip
from programs import ROOT, run

sys.path.insert(0, str(ROOT / "tests"))
from cli import place  # pylint: disable=wrong-import-position
from cli.browser import Browser  # pylint: disable=wrong-import-position
from cli.large_page import enlarge, FINDINGS, THREADS, TURNS  # pylint: disable=wrong-import-position

SMALL, LARGE = "a page of 3 findings", "the large page"
PROGRAM = """
import asyncio, os, time

async def naps():
    for _ in range(3):
        time.sleep(0.03)
        await asyncio.sleep(0)

async def main():
    await naps()
    time.sleep(0.02)
    os.system("true")

asyncio.run(main())
"""
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
TIMED = "(async () => { const start = performance.now(); %s; await " + DRAWN + "; return performance.now() - start; })()"
SEARCH = ("const box = document.querySelector('#search'); box.value = 'naps'; "
          "box.dispatchEvent(new Event('input', { bubbles: true }))")
ZOOM = ("document.querySelector('#timeline-canvas').dispatchEvent("
        "new KeyboardEvent('keydown', { key: '+', bubbles: true }))")
NOTE = f"{FINDINGS:,} findings and {THREADS * TURNS:,} turns, in headless Chromium"


class Pages:
    def __init__(self, programs):
        self._programs = programs
        self._pages = {side: programs.scratch / f"page{number}.html" for number, side in enumerate((SMALL, LARGE))}

    def _prepare(self):
        try:
            Browser().__exit__()
        except place.Skip as reason:
            raise Skip(str(reason)) from reason
        if self._pages[LARGE].exists():
            return
        program = self._programs.scratch / "page.py"
        program.write_text(PROGRAM)
        run([self._programs.command, "run", "--format=html", f"--report={self._pages[SMALL]}", "--show=notice",
             "--fail-on=never", sys.executable, program])
        shutil.copy(self._pages[SMALL], self._pages[LARGE])
        enlarge(self._pages[LARGE])

    def _measure(self, view, script):
        def measure(side):
            with Browser() as browser:
                opened = browser.open(self._pages[side])
                if not script:
                    return opened + browser.run(TIMED % "0")
                browser.press(view)
                browser.run(DRAWN)
                return browser.run(TIMED % script)
        return measure

    def groups(self):
        return [Group([Row(name, "ms", SMALL, LARGE, note=f"{what}; {NOTE}")], [SMALL, LARGE], self._measure(view, script),
                      12, 3, self._prepare)
                for name, what, view, script in (("html-open", "until the first screen is drawn", "", ""),
                                                 ("html-search", "the first search, which reads every finding", "2", SEARCH),
                                                 ("html-timeline", "one step of zoom", "4", ZOOM))]
