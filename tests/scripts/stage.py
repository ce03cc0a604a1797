"""A page of a test's own making in a real browser: the scripts are the product's, what they are answered is the test's.

So what a script does when a page is hidden, a session has ended or a day is over is tried without a server, and
without waiting: the page's clock runs when the test says so.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from playwright.sync_api import Page, Request, Route

HOST = "http://callcrm.test"
SCRIPTS = Path("static/js")
WHOLE = "<!doctype html><html><head>{scripts}</head><body>{body}</body></html>"
ASKING = """
  window.asked = [];
  window.answers = {};
  window.fetch = async (url) => {
    asked.push(String(url));
    const { html = "", goes = "well" } = answers[String(url).split("?")[0]] ?? {};
    if (goes === "broken") throw new TypeError("the line is dead");
    return { ok: goes !== "failed", redirected: goes === "redirected", text: async () => html };
  };
"""


class Stage:
    """A page with some of our scripts. An answer goes `well`, `failed` (by status), `broken` or `redirected`."""

    def __init__(self, page: Page, *scripts: str) -> None:
        self.page, self.body, self.opened = page, "", 0
        self.scripts = "".join(
            f'<script type="module" src="/static/js/{name}.js"></script>' for name in scripts
        )
        page.clock.install()
        page.add_init_script(ASKING)
        page.route("**/*", self._give)

    def open(self, body: str) -> "Stage":
        self.body = body
        self.page.goto(f"{HOST}/")
        return self

    def answer(self, path: str, html: str = "", goes: str = "well") -> None:
        self.do(f"answers[{json.dumps(path)}] = {json.dumps({'html': html, 'goes': goes})}")

    def asked(self) -> list[str]:
        """Return what scripts have asked for since it was last looked at, oldest first."""
        return [unquote(url) for url in self.do("asked.splice(0)")]

    def do(self, script: str) -> Any:
        return self.page.evaluate(script)

    def tell(self, kind: str, pk: str) -> None:
        """Say to the page what the live feed would, and let it look."""
        self.do(
            f"document.body.dispatchEvent(new CustomEvent('live:{kind}.changed', {{detail: {{id: '{pk}'}}}}))"
        )
        self.wait(3)

    def wait(self, seconds: float) -> None:
        """Let so much time pass on the page."""
        self.page.clock.run_for(int(seconds * 1000))

    def hide(self, *, hidden: bool) -> None:
        said = f"{{value: {json.dumps(hidden)}, configurable: true}}"
        self.do(f"Object.defineProperty(document, 'hidden', {said})")
        self.do("document.dispatchEvent(new Event('visibilitychange'))")
        self.wait(3)

    def _give(self, route: Route, request: Request) -> None:
        if "/static/js/" in request.url:
            route.fulfill(
                body=(SCRIPTS / Path(request.url).name).read_bytes(), content_type="text/javascript"
            )
        elif request.is_navigation_request():
            self.opened += 1
            route.fulfill(body=WHOLE.format(scripts=self.scripts, body=self.body), content_type="text/html")
        else:
            route.abort()
