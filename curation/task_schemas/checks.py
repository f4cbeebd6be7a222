"""Whether a document is a task schema: all that is wrong with it at once. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import orjson
from jsonschema import Draft202012Validator

from curation.task_schemas import bounds, label_config, output_schema, reading, shape
from curation.task_schemas.faults import Fault, shown
from curation.task_schemas.rows import RowInvalid, read_row
from curation.task_schemas.templates import Template

Document = dict[str, Any]

SHAPE: Final = Draft202012Validator(orjson.loads((files("schemas") / "task_schema.json").read_bytes()))
# Words that stand at the place of a name in addresses.
TAKEN_NAMES: Final = frozenset({"new", "check", "validate", "import"})


@dataclass(frozen=True, slots=True)
class Checked:
    """A document that is a task schema, or what is wrong with it."""

    document: Document
    faults: list[dict[str, Any]]


def check(text: str) -> Checked:
    """With the line of each fault in the text."""
    source = reading.read(text)
    found = [*source.faults]
    if source.value is not None or not found:
        found += faults_of(source.value)
    return Checked(source.value if not found else {}, source.shown(found))


def faults_of(document: object) -> list[Fault]:
    found = bounds.faults_of(document)
    if found:
        return found
    found = shape.faults_of(document, SHAPE)
    if not isinstance(document, dict):
        return found
    # What has a wrong shape is not looked at more closely; the rest is.
    misshapen = {fault.path[0] for fault in found}
    for sections, closer_look in CLOSER_LOOKS:
        if not misshapen & set(sections) and sections[0] in document:
            found += closer_look(document)
    return found


def _name(document: Document) -> Iterator[Fault]:
    if document["name"] in TAKEN_NAMES:
        yield Fault(("name",), f"Can't be `{document['name']}`: that is a word of the addresses here.")


def _data(document: Document) -> Iterator[Fault]:
    names = [source["name"] for source in document["data"]]
    yield from (Fault(("data", number, "name"), "Is the name of two columns.") for number in _repeated(names))
    for number, name in enumerate(names):
        if name in label_config.BESIDE_COLUMNS:
            yield Fault(("data", number, "name"), f"Can't be `{name}`: that is what an answer has beside its row.")


def _row_id(document: Document) -> Iterator[Fault]:
    required = [source["name"] for source in document["data"] if source.get("required")]
    if document["row_id"] not in required:
        yield Fault(("row_id",), "Must be the name of a column of `data` that is required.")


def _prompt(document: Document) -> Iterator[Fault]:
    known = [source["name"] for source in document["data"]]
    for part, text in document["prompt"].items():
        yield from (Fault(("prompt", part), message) for message in Template.of(text).faults(known))


def _output(document: Document) -> Iterator[Fault]:
    schema = document["output"]
    faults = output_schema.faults_of(schema)
    yield from (fault.below("output") for fault in faults)


def _columns(document: Document) -> Iterator[Fault]:
    schema = document.get("output", {})
    if not schema and document["columns"]:
        yield Fault(("columns",), "Columns show values of the output, and there is no `output`.")
        return
    paths = [column["path"] for column in document["columns"]]
    yield from (Fault(("columns", number, "path"), "Is shown in two columns.") for number in _repeated(paths))
    known, steps = output_schema.paths_of(schema), output_schema.Steps()
    for number, path in enumerate(paths):
        if not output_schema.has_path(schema, path, steps):
            hint = shape.meant(path, known)
            yield Fault(("columns", number, "path"), f"There is no `{shown(path)}` in the output.{hint}")


def _questions(document: Document) -> Iterator[Fault]:
    questions = document["questions"]
    names = [question["name"] for question in questions]
    yield from (Fault(("questions", number, "name"), "Is the name of two questions.") for number in _repeated(names))
    for number, question in enumerate(questions):
        path = ("questions", number, "choices")
        yield from (Fault((*path, place), "Stands here twice.") for place in _repeated(question.get("choices", [])))
        for name, kind in (("choices", "choice"), ("several", "choice"), ("max", "score")):
            if name in question and question["type"] != kind:
                yield Fault(("questions", number, name), f"Is for questions of type `{kind}` alone.")


def _label_config(document: Document) -> Iterator[Fault]:
    columns = [source["name"] for source in document["data"]]
    for message in label_config.faults_of(document["label_config"], columns):
        yield Fault(("label_config",), message)


def _sample(document: Document) -> Iterator[Fault]:
    known = {source["name"] for source in document["data"]}
    yield from (
        Fault(("sample", name), "Is not a column of `data`.") for name in document["sample"] if name not in known
    )
    try:
        read_row(document["data"], document["sample"])
    except RowInvalid as error:
        yield Fault(("sample", error.column), error.message)


# Which sections each needs in good shape; it is for documents that have the first.
CLOSER_LOOKS: Final[tuple[tuple[tuple[str, ...], Callable[[Document], Iterator[Fault]]], ...]] = (
    (("name",), _name),
    (("data",), _data),
    (("row_id", "data"), _row_id),
    (("prompt", "data"), _prompt),
    (("output",), _output),
    (("columns", "output"), _columns),
    (("questions",), _questions),
    (("label_config", "data"), _label_config),
    (("sample", "data"), _sample),
)


def _repeated(names: list[str]) -> list[int]:
    """The places of those that stand further up already."""
    return [number for number, name in enumerate(names) if name in names[:number]]
