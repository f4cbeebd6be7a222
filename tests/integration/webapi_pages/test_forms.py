"""What a page of somebody else sends does nothing here."""

from pathlib import Path

from schemas.states import Role
from tests.integration.webapi_pages.conftest import SignIn
from tests.ui.every_page import address_book

BUILT_IN_TASK = "classification"


def test_every_form_is_refused_without_our_token(sign_in: SignIn, data_dir: Path) -> None:
    visitor = sign_in(role=Role.ADMIN)
    forms = [rule for rule in address_book(data_dir).iter_rules() if "POST" in (rule.methods or ())]
    assert len(forms) > 40
    for rule in forms:
        _, path = rule.build(dict.fromkeys(rule.arguments, BUILT_IN_TASK) | {"place": 1}) or ("", "")
        fields = {"csrf_token": "guessed", "model": "any"}
        answer = visitor.http.post(path, data=fields, files={"file": ("rows.csv", b"text\nhello\n")})
        assert answer.status_code == 400, path
        assert "open for too long" in answer.text, path
    assert not list(data_dir.rglob("input/*"))
