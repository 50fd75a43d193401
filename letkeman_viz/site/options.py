"""What ``letkeman-viz serve`` can be told, and what is wrong with it when it is refused."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import os
import secrets
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .chapters import checked_folder, packaged_folder

LOWEST_PORT, HIGHEST_PORT = 1, 65535
MOST_SESSIONS = 1000
MOST_PREHEATED = 20
MOST_IDLE_MINUTES = 24 * 60
SHORTEST_SECRET, LONGEST_SECRET = 6, 200

PASSWORD_VARIABLE = "LETKEMAN_VIZ_PASSWORD"
TOKEN_VARIABLE = "LETKEMAN_VIZ_TOKEN"


class UsageError(Exception):
    """Something the user can put right: shown as one line, exit code 2."""


@dataclass(frozen=True)
class ServeOptions:
    """How the site is served.

    ``folder`` holds the notebooks. ``password`` is typed on a page of its own, ``token`` is part of the
    address; "" is none of them. ``max_sessions`` is how many pages may have a kernel at the same time (None:
    any number), ``preheat`` how many kernels wait ready for each chapter. A kernel that no page is connected
    to ends after ``idle_minutes``. ``offline`` is a ready static export, served at /offline/.
    """

    folder: Path
    port: int
    host: str = "localhost"
    open_browser: bool = False
    password: str = ""
    token: str = ""
    max_sessions: int | None = None
    preheat: int = 0
    idle_minutes: int = 20
    offline: Path | None = None
    known_as: tuple[str, ...] = ()

    @property
    def local(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)


def add_serve_options(parser: argparse.ArgumentParser) -> None:
    """Describe on the command line what a teacher needs for a class."""
    add = parser.add_argument_group("serving a class").add_argument
    add(
        "--host",
        default="localhost",
        help="address to listen on: 0.0.0.0 for all networks of this machine (default: localhost, this"
        " machine only); needs --password, --token or --public",
    )
    add(
        "--password",
        help=f"visitors type this word first; other users of this machine can see a command line, so rather"
        f" set the environment variable {PASSWORD_VARIABLE}",
    )
    add(
        "--token",
        nargs="?",
        const="",
        help="part of the printed address, so that a link or its QR code lets visitors in; without a value"
        f" one is made up; also from the environment variable {TOKEN_VARIABLE}",
    )
    add(
        "--known-as",
        action="append",
        default=[],
        metavar="NAME",
        help="a name that visitors' browsers use for this server, if it is not the machine's own (a reverse"
        " proxy's); can be given more than once",
    )
    add("--public", action="store_true", help="serve everybody who can reach --host, without a password")
    add(
        "--max-sessions",
        metavar="N",
        help=f"pages that may be open at the same time, 1 to {MOST_SESSIONS} (default: no limit); the next"
        " visitor is offered the offline version; count 60 to 120 MB of memory for each",
    )
    add(
        "--preheat",
        metavar="N",
        help=f"keep N kernels ready for each chapter, 0 to {MOST_PREHEATED} (default: 0): pages open sooner,"
        " and each takes 60 to 120 MB of memory, on top of --max-sessions",
    )
    add(
        "--idle-minutes",
        metavar="M",
        help="end a kernel that no page has been connected to for this long, 1 to"
        f" {MOST_IDLE_MINUTES} (default: 20); an open page keeps its kernel, used or not",
    )
    add(
        "--offline",
        type=Path,
        metavar="DIR",
        help="offline version to offer at /offline/, made by `letkeman-viz export DIR`; with"
        " --max-sessions one is made in the background if this is not given",
    )


def serve_options(given: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> ServeOptions:
    """The options that were given, checked; :class:`UsageError` says what is wrong with the first bad one."""
    options = ServeOptions(
        folder=checked_folder(given.notebooks or packaged_folder()),
        host=given.host,
        port=free_port(given.port, given.host),
        open_browser=not given.no_browser,
        password=_password(given.password, environment),
        token=_token(given.token, environment),
        max_sessions=_count("--max-sessions", given.max_sessions, 1, MOST_SESSIONS, None),
        preheat=_count("--preheat", given.preheat, 0, MOST_PREHEATED, 0) or 0,
        idle_minutes=_count("--idle-minutes", given.idle_minutes, 1, MOST_IDLE_MINUTES, 20) or 20,
        offline=_offline(given.offline),
        known_as=tuple(name.lower() for name in given.known_as),
    )
    guarded = options.password or options.token
    if not options.local and not guarded and not given.public:
        raise UsageError(
            f"on {options.host} everybody in the network could use this computer; give --token or --password"
            f" (or set {PASSWORD_VARIABLE}), or --public if that is what you want"
        )
    if guarded and given.public:
        raise UsageError(
            "--public means without a password; leave it out, or leave --password and --token out"
        )
    return options


def free_port(text: str, host: str = "localhost") -> int:
    """The port that ``text`` names, if it is one and nobody listens on it at ``host``."""
    port = _count("--port", text, LOWEST_PORT, HIGHEST_PORT, None)
    assert port is not None
    for family, _, _, _, address in _addresses(host, port):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As the server does: a port whose last connections are still closing down is free.
            if sys.platform != "win32":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                probe.bind(address)
            except OSError as error:
                _refuse(host, port, error)
    return port


def is_loopback(host: str) -> bool:
    """Whether ``host`` is a name or address that leads nowhere but to this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _addresses(host: str, port: int) -> list[tuple[int, int, int, str, tuple]]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM) if host else []
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"{host!r} is not known as an address; give --host localhost, 0.0.0.0 for all networks of this"
            " machine, or one of this machine's own addresses"
        ) from error


def _refuse(host: str, port: int, error: OSError) -> None:
    """Turn a refused port into advice; an address family that this machine lacks is no obstacle."""
    if error.errno == errno.EADDRINUSE:
        raise UsageError(
            f"port {port} is taken by another program; stop that program or choose another port"
            f" ({LOWEST_PORT} to {HIGHEST_PORT}) with --port"
        ) from error
    if error.errno in (errno.EACCES, getattr(errno, "WSAEACCES", errno.EACCES)):
        raise UsageError(
            f"port {port} may not be used by this user; choose one from 1024 to {HIGHEST_PORT} with --port"
        ) from error
    if error.errno == errno.EADDRNOTAVAIL and not is_loopback(host):
        raise UsageError(
            f"{host} is no address of this machine; give --host localhost, or 0.0.0.0 for all its networks"
        ) from error
    if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        raise error


def _count(name: str, text: str | None, lowest: int, highest: int, default: int | None) -> int | None:
    """The whole number that ``text`` is, ``default`` if the option was not given."""
    if text is None:
        return default
    try:
        number = int(text)
    except ValueError:
        number = lowest - 1
    if not lowest <= number <= highest:
        what = {"--port": "port", "--idle-minutes": "number of minutes"}.get(name, "number of kernels")
        raise UsageError(f"{text!r} is not a {what}; give {name} a whole number from {lowest} to {highest}")
    return number


def _password(given: str | None, environment: Mapping[str, str]) -> str:
    if given is None and PASSWORD_VARIABLE not in environment:
        return ""
    return _secret(given if given is not None else environment[PASSWORD_VARIABLE], "password")


def _token(given: str | None, environment: Mapping[str, str]) -> str:
    if given is None and TOKEN_VARIABLE not in environment:
        return ""
    token = given or environment.get(TOKEN_VARIABLE, "")
    if not token:
        return secrets.token_urlsafe(16)
    if not all(letter.isascii() and (letter.isalnum() or letter in "-_.~") for letter in token):
        raise UsageError(
            "a token is part of an address: give --token letters, digits and any of - _ . ~ only"
        )
    return _secret(token, "token")


def _secret(text: str, what: str) -> str:
    """``text`` if it is long enough to be worth guessing; it is not repeated where others might read it."""
    if not SHORTEST_SECRET <= len(text) <= LONGEST_SECRET:
        raise UsageError(
            f"the {what} has {len(text)} characters; give one of {SHORTEST_SECRET} to {LONGEST_SECRET}"
        )
    return text


def _offline(folder: Path | None) -> Path | None:
    if folder is None:
        return None
    resolved = folder.expanduser().resolve()
    if not (resolved / "index.html").is_file():
        raise UsageError(
            f"{resolved} holds no index.html; make it first with `letkeman-viz export {folder}`, or leave"
            " --offline out"
        )
    return resolved
