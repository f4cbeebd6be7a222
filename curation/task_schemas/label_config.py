"""What a curator sees in Label Studio: made from a task schema, or the schema's own, which is looked at. Pure.

A Label Studio task has the columns of its row by their names, what was asked as `prompt`, and the answer as `output`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn
from xml.etree.ElementTree import Element, SubElement, indent, tostring
from xml.parsers import expat

from curation.task_schemas.faults import shown

# What a task has beside the columns of its row; no column may have one of these names.
BESIDE_COLUMNS: Final = ("prompt", "output")
# Names of objects begin with a capital, those of questions can't: they never meet.
ANSWER: Final = "Output"
DEEPEST: Final = 50
NOT_IN_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
COLUMN: Final = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")


def config_of(document: Mapping[str, Any]) -> str:
    """As XML."""
    own: str | None = document.get("label_config")
    return own if own is not None else _made(document)


def _made(document: Mapping[str, Any]) -> str:
    view = Element("View")
    for source in document["data"]:
        _add(view, "Header", value=source.get("label", source["name"]))
        _add(view, "Text", name=f"Data_{source['name']}", value=f"${source['name']}")
    _add(view, "Header", value="Answer")
    _add(view, "Text", name=ANSWER, value="$output")
    for question in document.get("questions", ()):
        _add(view, "Header", value=question["label"])
        CONTROLS[question["type"]](view, question)
    indent(view)
    return tostring(view, encoding="unicode")


def _choice(view: Element, question: Mapping[str, Any]) -> None:
    several = "multiple" if question.get("several") else "single"
    choices = _add(view, "Choices", **_common(question), choice=several)
    for choice in question["choices"]:
        _add(choices, "Choice", value=choice)


def _flag(view: Element, question: Mapping[str, Any]) -> None:
    choices = _add(view, "Choices", **_common(question), choice="single")
    for choice in ("Yes", "No"):
        _add(choices, "Choice", value=choice)


def _score(view: Element, question: Mapping[str, Any]) -> None:
    _add(view, "Rating", **_common(question), maxRating=f"{question.get('max', 5):.0f}")


def _text(view: Element, question: Mapping[str, Any]) -> None:
    _add(view, "TextArea", **_common(question), rows="3", editable="true", maxSubmissions="1")


CONTROLS: Final = {"choice": _choice, "flag": _flag, "score": _score, "text": _text}


def _common(question: Mapping[str, Any]) -> dict[str, str]:
    return {
        "name": question["name"],
        "toName": ANSWER,
        "required": "true" if question.get("required") else "false",
    }


def _add(parent: Element, tag: str, **attributes: str) -> Element:
    return SubElement(parent, tag, {name: NOT_IN_XML.sub("\ufffd", value) for name, value in attributes.items()})


class _Refused(Exception):
    pass


@dataclass(slots=True)
class _Reader:
    """Reads a config without ever declaring, let alone expanding, an entity."""

    columns: frozenset[str]
    faults: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    wanted: dict[str, None] = field(default_factory=dict)
    depth: int = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.depth == 0 and tag != "View":
            self.faults.append(f"Its outermost element must be `View`, not `{shown(tag)}`.")
        self.depth += 1
        if self.depth > DEEPEST:
            raise _Refused(f"Is nested deeper than {DEEPEST} elements.")
        self._name(attributes.get("name"))
        if "toName" in attributes:
            self.wanted |= dict.fromkeys(name.strip() for name in attributes["toName"].split(","))
        column = COLUMN.match(attributes.get("value", ""))
        if column and column[1] not in self.columns:
            self.faults.append(f"`${shown(column[1])}` in `{shown(tag)}` is neither a column of `data` nor `$output`.")

    def _name(self, name: str | None) -> None:
        if name is None:
            return
        if name in self.names:
            self.faults.append(f"Two elements have the name `{shown(name)}`.")
        self.names.add(name)

    def end(self, tag: str) -> None:
        self.depth -= 1

    def refuse(self, *_: object) -> NoReturn:
        raise _Refused("Must not have a document type or entities.")

    def finished(self) -> list[str]:
        missing = [name for name in self.wanted if name not in self.names]
        return self.faults + [f"`toName` names `{shown(name)}`, which no element has as its name." for name in missing]


def faults_of(config: str, columns: list[str]) -> list[str]:
    """What is wrong with a config of somebody's own."""
    reader = _Reader(frozenset((*columns, *BESIDE_COLUMNS)))
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    try:
        parser.Parse(config.encode(), True)
    except expat.ExpatError as error:
        why = expat.ErrorString(error.code)
        return [f"Is not well-formed XML: {why} at its line {error.lineno}, column {error.offset + 1}."]
    except _Refused as refused:
        return [str(refused)]
    return reader.finished()
