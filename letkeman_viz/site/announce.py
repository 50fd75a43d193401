"""What the terminal says when the site is up: where it is, with a code for a class to point its phones at."""

from __future__ import annotations

import atexit
import html
import ipaddress
import os
import socket
import sys
import tempfile
import threading
import webbrowser
from pathlib import Path

import segno

from .options import ServeOptions

# Nobody has this address (RFC 5737), and nothing is sent to it: the system only says which way it would send.
SOMEWHERE = ("192.0.2.1", 9)


def announcement(options: ServeOptions) -> str:
    """All of it, as lines."""
    lines = [f"letkeman-viz is serving {link(options)} - press Ctrl-C to stop"]
    if options.local:
        return lines[0]
    seen = network_address() if is_any(options.host) else options.host
    if seen is None:
        lines.append(
            "For the class: this machine is in no network yet; its address there goes before the port"
        )
    else:
        shared = address(seen, options)
        lines += [f"For the class: {shared}", *code(shared)]
    if options.password and options.token:
        lines.append("This link is all a visitor needs; who comes without it types the password.")
    elif options.password:
        lines.append("Visitors type the password first.")
    if not options.password and not options.token:
        lines.append("Everybody who can reach this machine may use it: no password was set.")
    return "\n".join(lines)


def link(options: ServeOptions) -> str:
    """The site's address on this machine."""
    return address("localhost" if is_any(options.host) else options.host, options)


def address(host: str, options: ServeOptions) -> str:
    """The address of the site at ``host``, with the token where there is one."""
    shown = f"[{host}]" if ":" in host else host
    base = f"http://{shown}:{options.port}"
    return f"{base}/?token={options.token}" if options.token else base


def is_any(host: str) -> bool:
    """Whether ``host`` means every network of this machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return host == ""


def network_address() -> str | None:
    """This machine's address in the network that the others are in, too; None if it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(SOMEWHERE)
        except OSError:
            return None
        found = str(probe.getsockname()[0])
    return None if ipaddress.ip_address(found).is_loopback else found


def code(text: str) -> list[str]:
    """``text`` as a QR code in characters; no lines where the terminal cannot show them."""
    modules = [[bool(dark) for dark in row] for row in segno.make_qr(text, error="l").matrix_iter(border=2)]
    if len(modules) % 2:
        modules.append([False] * len(modules[0]))
    # Two rows of modules in one line of text. Light ones are drawn: most terminals are dark.
    blocks = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    lines = [
        "".join(blocks[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(modules[::2], modules[1::2], strict=True)
    ]
    try:
        "█▀▄".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return []
    if sys.stdout.isatty():  # in a light terminal, too
        lines = [f"\x1b[40;97m{line}\x1b[0m" for line in lines]
    return lines


def show(where: str) -> None:
    """Open ``where`` in this user's browser.

    By way of a file that only this user can read: a token in a command line could be read by all.
    """
    file, name = tempfile.mkstemp(suffix=".html", prefix="letkeman-viz-")
    with os.fdopen(file, "w", encoding="utf-8") as page:
        page.write(f'<!DOCTYPE html><meta http-equiv="refresh" content="0; url={html.escape(where)}">')
    atexit.register(Path(name).unlink, missing_ok=True)
    # Some browsers keep their caller waiting.
    threading.Thread(target=webbrowser.open, args=[Path(name).as_uri()], daemon=True).start()
