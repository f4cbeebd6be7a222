"""What a browser may do with our pages: everything comes from us, nothing runs inline, nobody may frame them."""

from typing import Final

from flask import Flask, Response
from flask.sansio.blueprints import Blueprint

STRICT: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def harden(pages: Flask | Blueprint, **loosened: str) -> None:
    """Send the policy with every answer. `loosened` replaces directives, written with underscores."""
    directives = STRICT | {name.replace("_", "-"): value for name, value in loosened.items()}
    policy = "; ".join(f"{name} {value}" for name, value in directives.items())

    def add_headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers.update(HEADERS)
        return response

    pages.after_request(add_headers)
