"""Chromium without a window, driven over its own protocol through a pair of pipes."""

import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import time

from cli.place import Skip

PROGRAMS = ("chromium-headless-shell", "chromium", "google-chrome")
SECONDS = 60


class Browser:
    """One page of a browser of its own; use as a context."""

    def __init__(self):
        program = next(filter(shutil.which, PROGRAMS), None)
        if not program:
            raise Skip("there is no chromium-headless-shell")
        to_browser, self._to = os.pipe()
        self._from, from_browser = os.pipe()
        # The browser reads descriptor 3 and writes descriptor 4.
        self._process = subprocess.Popen(
            ["bash", "-c", f"exec {program} --headless --no-sandbox --disable-gpu --remote-debugging-pipe "
             f"--window-size=1200,900 about:blank 3<&{to_browser} 4>&{from_browser}"],
            pass_fds=(to_browser, from_browser), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self._number, self._buffer, self.events = 0, b"", []
        self._session = None
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._to)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._from)

    def _receive(self, end):
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], max(0, end - time.monotonic()))
            part = os.read(self._from, 1 << 20) if ready else b""
            if not part:
                raise AssertionError("the browser does not answer")
            self._buffer += part
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)

    def _write(self, method, parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        return self._number

    def send(self, method, **parameters):
        number = self._write(method, parameters)
        end = time.monotonic() + SECONDS
        while True:
            answer = self._receive(end)
            if answer.get("id") != number:
                self.events.append(answer)
                # A dialog of the page holds up all that follows.
                if answer.get("method") == "Page.javascriptDialogOpening":
                    self._write("Page.handleJavaScriptDialog", {"accept": False})
                continue
            if "error" in answer:
                raise AssertionError(f"{method}: {answer['error']}")
            return answer["result"]

    def open(self, path):
        """Opens a file and waits until its script has run; returns the ms that took."""
        self.events.clear()
        start = time.monotonic()
        self.send("Page.navigate", url=pathlib.Path(path).absolute().as_uri())
        while self.run("document.readyState") != "complete":
            time.sleep(0.02)
        return (time.monotonic() - start) * 1000

    def run(self, script):
        """The value of an expression in the page."""
        result = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise AssertionError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def press(self, key):
        text = {"text": key} if len(key) == 1 else {}
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, **(text if kind == "keyDown" else {}))

    def type(self, text):
        self.send("Input.insertText", text=text)

    def click(self, x, y):
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def prefer(self, scheme):
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def screenshot(self, path):
        image = self.send("Page.captureScreenshot", format="png")["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(image))

    def requests(self):
        return [event["params"]["request"]["url"] for event in self.events
                if event.get("method") == "Network.requestWillBeSent"]

    def complaints(self):
        """What the console says: errors of the script, and what the page's policy refused."""
        return [event for event in self.events if event.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded")]
