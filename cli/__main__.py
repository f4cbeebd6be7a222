"""`vbs`, where Ctrl-C ends every command quietly, also one that is still being imported."""

import os
import signal
import sys

INTERRUPTED = 128 + signal.SIGINT

# Half an import leaves nothing to tidy up, and some libraries would wrap the exception in one of their own.
signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))

from cli.main import main  # noqa: E402

signal.signal(signal.SIGINT, lambda *_: sys.exit(INTERRUPTED))
main()
