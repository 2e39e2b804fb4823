"""The commands: messages go to standard error, the result, or one JSON document, to standard output."""

from __future__ import annotations

import sys
from typing import NoReturn

from hubbub.cli.app import app
from hubbub.cli.out import say
from hubbub.errors import HubbubError


def main() -> NoReturn:
    """Run a command; what goes wrong on purpose is one line and status 2, never a traceback."""
    try:
        app()
    except HubbubError as error:
        say(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        say("Stopped.")
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    sys.exit(0)
