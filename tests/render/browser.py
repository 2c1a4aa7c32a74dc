"""A headless Chromium that a test drives by questions and answers: no port, no waiting by the clock, no library.

It speaks the DevTools protocol over two pipes (``--remote-debugging-pipe``): JSON, each message ended by a NUL.
"""

import base64
import json
import os
import select
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

NAMES = ("chromium", "google-chrome", "chrome", "chromium-browser")
PATIENCE = 120
"""Seconds after which a browser that says nothing hangs: nothing waits for it otherwise."""
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)


def found():
    """The browser of this machine, None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def running(folder):
    """A browser with a profile of its own in the folder; ends with the block."""
    into, commands = os.pipe()
    answers, out = os.pipe()

    def at_three_and_four():
        os.dup2(into, 198)
        os.dup2(out, 199)
        os.dup2(198, 3)
        os.dup2(199, 4)

    with (Path(folder) / "browser.log").open("wb") as log:
        process = subprocess.Popen(
            [found(), *FLAGS, f"--user-data-dir={folder}/profile"],
            stdout=log, stderr=log, close_fds=False, preexec_fn=at_three_and_four,
        )  # fmt: skip
    os.close(into)
    os.close(out)
    browser = Browser(commands, answers)
    try:
        yield browser
    finally:
        browser.say("Browser.close")
        os.close(commands)
        process.wait(timeout=60)
        os.close(answers)


class Browser:
    """The pipes to the browser; every command waits for its answer, and events are kept."""

    def __init__(self, commands, answers):
        self._commands, self._answers, self._rest, self._number = commands, answers, b"", 0
        self.events = []

    def say(self, method, session=None, **params):
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        return self._number

    def ask(self, method, session=None, **params):
        number = self.say(method, session, **params)
        while True:
            answer = self._read()
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]

    def until(self, method):
        """The next event of this name that has not been taken yet."""
        while True:
            for at, event in enumerate(self.events):
                if event["method"] == method:
                    return self.events.pop(at)
            self._read()

    def _read(self):
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._answers], [], [], PATIENCE)
            assert ready, "the browser does not answer"
            part = os.read(self._answers, 1 << 20)
            assert part, "the browser went away"
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\0")
        message = json.loads(line)
        if "method" in message:
            self.events.append(message)
        return message

    @contextmanager
    def page(self, *, width=1280, height=900, dark=False, print_=False, scripts=True):
        """An empty page of this size and these media."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.ask(f"{domain}.enable")
        page.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.ask("Emulation.setEmulatedMedia", media="print" if print_ else "", features=[scheme])
        page.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.events.clear()
        yield page
        self.ask("Target.closeTarget", targetId=target)


class Page:
    """One page."""

    def __init__(self, browser, session):
        self.browser, self.session = browser, session

    def ask(self, method, **params):
        return self.browser.ask(method, self.session, **params)

    def open(self, path, fragment=""):
        self.ask("Page.navigate", url=f"{Path(path).as_uri()}{fragment}")
        self.browser.until("Page.loadEventFired")
        return self

    def run(self, expression):
        """The value of a JavaScript expression."""
        told = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def press(self, key, *, text="", shift=False):
        """A key, as the keyboard sends it."""
        code = {"Tab": 9, "Enter": 13, " ": 32}.get(key, 0)
        both = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        self.ask("Input.dispatchKeyEvent", type="keyDown", text=text, **both)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **both)

    def type(self, text):
        for letter in text:
            self.press(letter, text=letter)

    def picture(self, path, *, whole=True):
        data = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        Path(path).write_bytes(base64.b64decode(data))

    def pdf(self, path):
        data = self.ask("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"]
        Path(path).write_bytes(base64.b64decode(data))

    def complaints(self):
        """Everything that the page wrote to the console or threw, and every request that it made but itself."""
        said = [
            event
            for event in self.browser.events
            if event["method"] in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")
        ]
        asked = [
            event["params"]["request"]["url"]
            for event in self.browser.events
            if event["method"] == "Network.requestWillBeSent"
        ]
        return [*said, *(url for url in asked if not url.startswith(("file:", "data:", "about:")))]
