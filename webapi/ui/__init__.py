"""The pages for people: operators and recruiters now, curators next."""

from webapi.ui.app import create_app

__all__ = ["create_app"]
