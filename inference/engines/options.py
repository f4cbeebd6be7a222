"""An engine's `--engine-arg` settings, read into a dataclass that names them."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final, NewType, TypeVar, get_type_hints

from schemas.errors import SettingInvalid

Options = TypeVar("Options")
# A whole number of at least 1.
Count = NewType("Count", int)

ON: Final = {"1", "true", "yes", "on"}
OFF: Final = {"0", "false", "no", "off"}


def read_switch(text: str) -> bool:
    word = text.strip().lower()
    if word not in ON | OFF:
        raise ValueError(text)
    return word in ON


def read_count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError(text)
    return count


READERS: Final[dict[Any, tuple[str, Callable[[str], Any]]]] = {
    str: ("text", str),
    int: ("whole number", int),
    Count: ("whole number of at least 1", read_count),
    float: ("number", float),
    bool: ("switch (true or false)", read_switch),
}


def read_options(kind: type[Options], engine: str, args: Mapping[str, str]) -> Options:
    """Turn `key=value` texts into an options dataclass, naming the argument that does not fit."""
    types = get_type_hints(kind)
    known = [option.name for option in fields(kind)]  # type: ignore[arg-type]
    values = {}
    for name, text in args.items():
        if name not in known:
            raise SettingInvalid(name, text, f"argument of the {engine} engine; it knows {', '.join(known)}")
        wanted, read = READERS[types[name]]
        try:
            values[name] = read(text)
        except ValueError as error:
            raise SettingInvalid(name, text, wanted) from error
    return kind(**values)
