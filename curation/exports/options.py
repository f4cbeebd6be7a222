"""What an export does to examples on their way. Pure: names and values go in, checked ones come out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from curation.chats import with_system
from curation.exports.beaten import Deciders
from curation.formats.learned import Learned
from curation.formats.table import Format
from curation.views import View
from schemas.errors import RequestInvalid
from schemas.states import ExampleStatus
from schemas.text import is_storable

LONGEST_SYSTEM_PROMPT: Final = 50_000


@dataclass(frozen=True, slots=True)
class Options:
    # Those with the same conversation as an earlier one.
    leave_out_duplicates: bool = False
    only_approved: bool = False
    # None: as each was asked. Empty: without.
    system_prompt: str | None = None
    # Whether judges' verdicts are preferences too, where no person has chosen.
    with_judges: bool = False

    @property
    def shown(self) -> dict[str, Any]:
        return asdict(self)

    def narrowed(self, view: View) -> View:
        if not self.only_approved or view.status == ExampleStatus.APPROVED:
            return view
        if view.status is not None:
            raise RequestInvalid(f"No example is both {view.status} and approved.", param="options.only_approved")
        return replace(view, status=ExampleStatus.APPROVED)

    def deciders(self, form: Format) -> Deciders:
        """Whose comparisons a format has a use for."""
        if not form.compares:
            return Deciders.NOBODY
        return Deciders.JUDGES_TOO if self.with_judges else Deciders.PEOPLE

    def applied(self, one: Learned) -> Learned:
        return replace(one, messages=with_system(one.messages, self.system_prompt))


def read(given: Mapping[str, Any]) -> Options:
    unknown = sorted(given.keys() - Options().shown.keys())
    if unknown:
        raise RequestInvalid(f"An export has no option `{unknown[0]}`.", param=f"options.{unknown[0]}")
    for name in ("leave_out_duplicates", "only_approved", "with_judges"):
        if not isinstance(given.get(name, False), bool):
            raise RequestInvalid(f"`{name}` is true or false.", param=f"options.{name}")
    prompt = given.get("system_prompt")
    if prompt is not None and not _is_prompt(prompt):
        message = f"A system prompt is text of at most {LONGEST_SYSTEM_PROMPT:,} characters, or null."
        raise RequestInvalid(message, param="options.system_prompt")
    return Options(**given)


def _is_prompt(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_SYSTEM_PROMPT and is_storable(value)
