"""Finds extensions: what is built in, and the modules that the settings name."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module

import pluggy

from plugins import PROJECT, specs
from schemas.errors import SettingInvalid
from schemas.settings import settings


@cache
def hooks(*built_in: str) -> pluggy.HookRelay:
    """All hooks of these modules and of those that `VBS_PLUGINS` names."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(specs)
    for name in (*built_in, *_named()):
        manager.register(_module(name), name)
    manager.check_pending()
    return manager.hook


def _named() -> Sequence[str]:
    return [name.strip() for name in settings().plugins.split(",") if name.strip()]


def _module(name: str) -> object:
    try:
        return import_module(name)
    except ImportError as error:
        raise SettingInvalid("VBS_PLUGINS", name, "list of modules that can be imported") from error
