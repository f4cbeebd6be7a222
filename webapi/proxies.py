"""Behind a proxy: it says how it was asked, and by whom."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from schemas.settings import Settings


def trust(app: Flask, settings: Settings) -> None:
    """Believe as many proxies as there are: what stands before theirs in the headers, anybody may have written."""
    count = settings.trusted_proxies
    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
