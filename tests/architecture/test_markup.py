"""Text that others wrote never becomes markup: nothing that could make it so is used at all."""

import re
from itertools import chain

from tests.architecture.product import ROOT

WEB = ROOT / "webapi"
# Other people's programs, on pages of their own.
NOT_OURS = {"redoc.js", "swagger.js"}
DANGEROUS = re.compile(r"\|\s*safe\b|autoescape|(inner|outer)HTML\s*\+?=[^=]|insertAdjacentHTML|document\.write|eval\(")


def test_no_template_and_no_script_makes_markup_of_text() -> None:
    found = chain(WEB.rglob("templates/**/*.html"), WEB.glob("static/*.js"))
    ours = [path for path in found if path.name not in NOT_OURS]
    assert len(ours) > 60
    assert [path.name for path in ours if DANGEROUS.search(path.read_text())] == []


def test_every_form_that_is_sent_begins_with_our_token() -> None:
    templates = {path.name: path.read_text() for path in WEB.rglob("templates/**/*.html")}
    forms = {
        name: re.findall(r'<form [^\n]*method="post".*?</form>', text, re.DOTALL) for name, text in templates.items()
    }
    assert sum(map(len, forms.values())) > 30
    assert [name for name, found in forms.items() if not all("token_field()" in form for form in found)] == []
