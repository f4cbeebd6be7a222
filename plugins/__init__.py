"""Hook specifications and the loader for extensions."""

import pluggy

PROJECT = "vbs"
hookimpl = pluggy.HookimplMarker(PROJECT)
