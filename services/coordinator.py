"""The coordinator as a process of its own, started by the app: `python -m services.coordinator HOME PARENT`."""

from __future__ import annotations

import logging
import os
import signal
import sys

from core.errors import HomeBusyError
from services.jobs import Coordinator
from services.workspace import Workspace

IDLE = 20.0  # seconds without work after which it ends; the app starts another when there is work again


def main(home: str, parent: int) -> None:
    """Run jobs until there are none, the app is gone, or a signal comes."""
    logging.basicConfig(level=logging.WARNING)
    coordinator = Coordinator(Workspace(home))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: coordinator.stop())
    try:
        coordinator.run(idle=IDLE, alive=lambda: os.getppid() == parent)
    except HomeBusyError:
        return  # the terminal is doing the work


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
