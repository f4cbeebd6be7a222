#!/bin/sh
# `make setup` puts this beside its Python. -P: a folder named `cli` where you stand is not taken for ours.
exec "$(dirname "$(readlink -f "$0")")/python" -P -m cli "$@"
