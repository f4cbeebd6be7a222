"""Become a supervised process: `python -I -S launch.py PARENT DEATH_SIGNAL NICE USER -- PROGRAM...`.

Runs between fork and exec of every child, as a program of its own and not as `preexec_fn`, which is not safe beside
threads. It uses nothing but the standard library, so that it costs about 20 ms.
"""

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> None:
    parent, death_signal, niceness, user = argv[:4]
    program = argv[5:]
    os.nice(int(niceness))
    if user:
        _become(user)
    # After the change of user: the kernel forgets the death signal when credentials change.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("The process that started this one is gone.")
    os.execvp(program[0], program)


def _become(user: str) -> None:
    account = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


if __name__ == "__main__":
    main(sys.argv[1:])
