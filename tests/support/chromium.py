"""A headless Chromium, spoken to through a pipe in its DevTools protocol."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")


class Page:
    """One page; errors and what it logs are kept in `said`."""

    def __init__(self, profile: Path) -> None:
        assert PROGRAM is not None
        to_it, self._write = os.pipe()
        self._read, from_it = os.pipe()
        flags = [
            *("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"),
            *(
                "--no-first-run",
                "--disable-dev-shm-usage",
                f"--user-data-dir={profile}",
            ),
        ]
        # Chromium reads from 3 and writes to 4.
        script = f'exec "$0" "$@" 3<&{to_it} 4>&{from_it}'
        self._process = subprocess.Popen(
            ["bash", "-c", script, PROGRAM, *flags, "about:blank"],
            pass_fds=(to_it, from_it),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_it)
        os.close(from_it)
        self._rest = b""
        self._number = 0
        self._session: str | None = None
        self.said: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        os.close(self._write)
        os.close(self._read)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return dict(answer["result"])
            self._note(answer)

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + 90
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], end - time.monotonic())
            assert ready, "Chromium does not answer"
            self._rest += os.read(self._read, 1 << 20)
        found, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(found))

    def _note(self, event: dict[str, Any]) -> None:
        about = event.get("params", {})
        if event["method"] == "Runtime.exceptionThrown":
            self.said.append(json.dumps(about["exceptionDetails"]))
        elif event["method"] == "Runtime.consoleAPICalled":
            self.said.append(json.dumps(about["args"]))
        elif event["method"] == "Log.entryAdded":
            self.said.append(about["entry"]["text"])

    def size(self, width: int, height: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            **{"width": width, "height": height, "deviceScaleFactor": 1},
            mobile=False,
        )

    def open(self, path: Path) -> None:
        self.call("Page.navigate", url=path.as_uri())
        self.until("document.readyState === 'complete'")

    def reload(self) -> None:
        """Open the page anew, and wait until it is the new one that answers."""
        self.run("window.isOld = true")
        self.call("Page.reload")
        end = time.monotonic() + 60
        while True:
            assert time.monotonic() < end
            # While one page goes and the other comes, nobody answers.
            with contextlib.suppress(AssertionError):
                if self.run("!window.isOld && document.readyState === 'complete'"):
                    return
            time.sleep(0.05)

    def run(self, code: str) -> Any:
        """Evaluate JavaScript and return what it gives."""
        found = self.call(
            "Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def until(self, code: str) -> None:
        end = time.monotonic() + 60
        while not self.run(f"Boolean({code})"):
            assert time.monotonic() < end, code
            time.sleep(0.05)

    def key(self, key: str) -> None:
        about = {"key": key, "text": key} if len(key) == 1 else {"key": key}
        self.call("Input.dispatchKeyEvent", type="keyDown", **about)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def mouse(self, what: str, x: float, y: float) -> None:
        self.call(
            "Input.dispatchMouseEvent",
            **{"type": what, "x": x, "y": y, "button": "left", "clickCount": 1},
            buttons=0 if what == "mouseReleased" else 1,
        )

    def screenshot(self, path: Path) -> None:
        found = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(found["data"]))
