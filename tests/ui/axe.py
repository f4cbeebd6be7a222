"""axe-core, which finds what keeps people from using a page. It comes inside a package, as one script."""

from importlib.resources import files
from typing import Final

AXE: Final = files("axe_playwright_python").joinpath("axe.min.js").read_text()
