"""Who may use the site: a word for the class, typed or in the address; and what each answer says."""

from __future__ import annotations

import hmac
import ipaddress
import math
import socket
import time
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import parse_qsl, urlencode

import tornado.web
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.auth.login import LoginFormHandler
from traitlets import Unicode

from .options import is_loopback

VISITOR = User("visitor")

GUESSES_AT_ONCE, SECONDS_A_GUESS = 20, 3.0
"""Wrong words that one address may try at once (a class has one router), and after how long one more."""
MOST_ADDRESSES = 10_000

ANY_NAME = "*"
"""Among the names of a server: it may be asked by any. (A JupyterHub lets nobody in who is not logged in.)"""

# Voila's pages hold small scripts of their own. JupyterLab compiles its schemas ('unsafe-eval'); anywidget
# imports the modules of widgets from blob: addresses. Nothing is asked of another host.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    ]
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Guesses:
    """How many wrong words each address has tried lately. ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._spent: dict[str, float] = {}  # when the address will have as many guesses as at first

    def wait(self, address: str) -> float:
        """Seconds until ``address`` may guess again; 0 if it may now."""
        ahead = self._spent.get(_network(address), 0.0) - self._clock()
        return max(0.0, ahead - (GUESSES_AT_ONCE - 1) * SECONDS_A_GUESS)

    def wrong(self, address: str) -> None:
        """Note a wrong guess."""
        now, network = self._clock(), _network(address)
        if len(self._spent) >= MOST_ADDRESSES:
            self._spent = {known: until for known, until in self._spent.items() if until > now}
        if len(self._spent) >= MOST_ADDRESSES:  # all of them are guessing: forget who guessed least
            del self._spent[min(self._spent, key=self._spent.__getitem__)]
        self._spent[network] = max(self._spent.get(network, 0.0), now) + SECONDS_A_GUESS


def _network(address: str) -> str:
    """One household: an IPv4 address, or the half of an IPv6 address that its owner cannot vary."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{found}/64", strict=False)) if found.version == 6 else address


class ClassIdentity(IdentityProvider):
    """Lets in whoever knows the password or the token; everybody, if there is neither. All are alike."""

    password = Unicode("", config=True, help="what visitors type")

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.guesses = Guesses()
        # Another site's page can then send no request in a visitor's name that changes anything.
        self.cookie_options = {"samesite": "Lax", **self.cookie_options}

    @property
    def auth_enabled(self) -> bool:
        """Whether a word is needed."""
        return bool(self.password or self.token)

    async def _get_user(self, handler: tornado.web.RequestHandler) -> User | None:
        """Who asks. Without a password everybody may, and no cookie is left behind."""
        return await super()._get_user(handler) if self.auth_enabled else VISITOR

    async def get_user_token(self, handler: tornado.web.RequestHandler) -> User | None:
        """The visitor, if the address (``?token=``) or a header holds the token."""
        given = self.get_token(handler)
        if not given or self.get_user_cookie(handler):
            return None
        if not self.token or not self.right(handler, given, self.token):
            return None
        return VISITOR

    def generate_anonymous_user(self, handler: tornado.web.RequestHandler) -> User:
        """All visitors are alike."""
        return VISITOR

    def process_login_form(self, handler: tornado.web.RequestHandler) -> User | None:
        """The visitor, if what was typed is the password, or the token."""
        typed = handler.get_argument("password", default="", strip=False)
        return VISITOR if self.right(handler, typed, self.password, self.token) else None

    def right(self, handler: tornado.web.RequestHandler, given: str, *expected: str) -> bool:
        """Whether ``given`` is one of ``expected``; nothing is right for who has guessed too often."""
        address = handler.request.remote_ip
        if self.guesses.wait(address):
            return False
        # Each is compared: how long that takes must not tell anything.
        matches = [hmac.compare_digest(given.encode(), word.encode()) for word in expected if word]
        if not any(matches):
            self.guesses.wrong(address)
        return any(matches)


class LoginHandler(LoginFormHandler):
    """The page where visitors type the password, in our look."""

    def _render(self, message: dict[str, str] | None = None) -> None:
        self.set_header("Cache-Control", "no-store")
        target = self.get_argument("next", default=self.base_url)
        error = message and message["error"]
        linked = bool(self.identity_provider.token)
        # Not even the names of the chapters are a stranger's business.
        page = self.render_template("login.html", next=target, error=error, linked=linked, site_chapters=list)
        self.write(page)

    @allow_unauthenticated
    def post(self) -> None:
        """Let in who typed the right word, tell the others."""
        wait = math.ceil(self.identity_provider.guesses.wait(self.request.remote_ip))
        user = self.identity_provider.process_login_form(self)
        if user is not None:
            self.identity_provider.set_login_cookie(self, user)
            self._redirect_safe(self.get_argument("next", default=self.base_url))
        elif wait:
            self.set_status(429)
            self.set_header("Retry-After", str(wait))
            error = f"Too many wrong passwords came from your network. Try again in {wait} seconds."
            self._render({"error": error})
        else:
            self.set_status(401)
            self._render({"error": "That is not the password. Ask whoever gave you the address."})


def guarded(handler: type[tornado.web.RequestHandler]) -> type[tornado.web.RequestHandler]:
    """``handler``, asked only by the names this machine has, and saying on each answer what a page may do."""

    class Guarded(handler):  # type: ignore[valid-type, misc]
        def set_default_headers(self) -> None:
            super().set_default_headers()
            # A websocket's handler says nothing of itself but when it refuses.
            for name, value in HEADERS.items():
                self.set_header(name, value)
            self.clear_header("Server")

        def check_host(self) -> bool:
            return known_host(self.request.host_name, *self.settings["letkeman_hosts"])

        async def prepare(self, **options: Any) -> None:
            preparing = super().prepare(**options)
            if preparing is not None:  # tornado's own returns nothing to wait for
                await preparing
            self._hide_token()

        def _hide_token(self) -> None:
            """Take the token out of a page's address, where it would be copied and photographed."""
            asks_page = "text/html" in self.request.headers.get("Accept", "")
            if self._finished or not asks_page or self.request.method != "GET":
                return
            query = parse_qsl(self.request.query, keep_blank_values=True)
            kept = [pair for pair in query if pair[0] != "token"]
            if len(kept) < len(query) and self.current_user is not None:
                self.redirect(self.request.path + ("?" + urlencode(kept) if kept else ""))

    Guarded.__name__ = Guarded.__qualname__ = handler.__name__
    return Guarded


def known_host(asked: str, listening: str, names: Collection[str] = ()) -> bool:
    """Whether ``asked``, the name a browser was told to go to, is one of this server's.

    Otherwise a page of some other site could have its own name lead here (DNS rebinding) and read ours. An
    address in numbers has no owner who could do that. ``listening`` is what --host says, ``names`` what
    --known-as does.
    """
    name = asked.strip("[]").lower().rstrip(".")
    if is_loopback(name) or name in names or ANY_NAME in names:
        return True
    if is_loopback(listening):
        return False
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        short = socket.gethostname().lower().partition(".")[0]
        return name in {listening.lower(), socket.gethostname().lower(), short, f"{short}.local"}
    return True
