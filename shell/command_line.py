"""How every command behaves: one-line errors, exit status, JSON output, secrets from stdin."""

import getpass
import json
import os
import sys
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, NoReturn

import platformdirs
import typer

from schemas.encoding import parse_time
from schemas.languages import Language
from shell.clock import Clock, fixed_clock, system_clock
from shell.errors import CommandError, place_of
from shell.files import bare

EXIT_DONE = 0
EXIT_REFUSED = 1
EXIT_USAGE = 2

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def language_here() -> Language:
    """The language of this machine's locale; English when it is none of ours."""
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next(filter(None, names), "")
    return next((language for language in Language if locale.startswith(language)), Language.EN)


LanguageOption = Annotated[Language, typer.Option("--lang", help="kk, ru or en.")]
LocalLanguageOption = Annotated[
    Language,
    typer.Option(
        "--lang",
        default_factory=language_here,
        show_default=False,
        help="kk, ru or en; by default the language of this machine.",
    ),
]
AtOption = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="Use this time instead of the clock."),
]


def home_option(variable: str) -> Any:
    """``--home``, or an environment variable: ``Annotated[Path | None, home_option("…")]``."""
    return typer.Option(
        "--home", metavar="DIR", envvar=variable, help="The folder that holds everything."
    )


UnusedHomeOption = Annotated[
    Path | None,
    typer.Option("--home", metavar="DIR", help="As for other commands; nothing in it is needed."),
]


def home_path(given: Path | None, name: str) -> Path:
    """The folder of a program: what was given, else the platform's user data folder."""
    return given if given is not None else platformdirs.user_data_path("qupia") / name


def new_app(help_text: str) -> typer.Typer:
    """A Typer application that leaves errors to :func:`run`."""
    return typer.Typer(
        help=help_text,
        no_args_is_help=False,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


def run(app: typer.Typer, program: str) -> NoReturn:
    """Run the command line and end the process; no traceback ever reaches a person."""
    os.umask(0o077)
    if sys.stdin is None:  # Whoever started us closed it; to us that is an empty one.
        sys.stdin = TextIOWrapper(BytesIO(), encoding="utf-8")
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter gets its number instead, which JSON understands too.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_guarded(lambda: app(prog_name=program, standalone_mode=False), program))


def _guarded(command: Callable[[], Any], program: str) -> int:
    try:
        return int(command() or EXIT_DONE)
    except CommandError as error:
        complain(error.message)
        return error.exit_code
    except typer.TyperException as error:
        message = " ".join(error.format_message().replace("Value error, ", "").split()).rstrip(".")
        if "unexpected extra argument" in message:
            # A code or a reference that was typed in the wrong place is not repeated.
            message = message.partition(" (")[0]
        complain(f"{message}; try: {program} --help")
        return EXIT_USAGE
    except (typer.Abort, KeyboardInterrupt):
        complain("stopped")
        return EXIT_USAGE
    except BrokenPipeError:
        sys.stdout = None  # Nobody reads on: nothing is left to flush.
        return EXIT_REFUSED
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        complain(f"{error.strerror or type(error).__name__}{where}")
        return EXIT_USAGE
    except Exception as error:  # noqa: BLE001 - the last resort; a message could hold a secret.
        complain(f"internal error {place_of(error)}; please report this line")
        return EXIT_USAGE


def complain(message: str) -> None:
    """One line on standard error."""
    print(f"error: {message}", file=sys.stderr)  # noqa: T201 - this is where commands print.


def warn(message: str) -> None:
    """One line on standard error that does not change the exit status."""
    print(f"warning: {message}", file=sys.stderr)  # noqa: T201 - this is where commands print.


def say(text: str) -> None:
    """Text for a person, on standard output, at once."""
    print(text, flush=True)  # noqa: T201 - this is where commands print.


def answer(*, as_json: bool, members: dict[str, Any], text: str) -> None:
    """The result of a command: one JSON object, or text for a person."""
    say(json.dumps(members, ensure_ascii=False) if as_json else text)


def clock_at(at: str | None) -> Clock:
    """The clock of a command: the machine's, or one that stands at ``--at``."""
    return system_clock if at is None else fixed_clock(time_argument(at))


def time_argument(text: str) -> int:
    """Unix seconds of a TIME argument; raises CommandError."""
    try:
        return parse_time(text)
    except ValueError as error:
        raise CommandError(str(error)) from None


def read_secret(given: str, prompt: str) -> str:
    """One line from standard input where the argument is ``-``; a terminal is asked without echo.

    Anything but ``-`` is refused, because arguments stand in the list of processes.
    """
    if given != "-":
        raise CommandError(f"{prompt}: write - and give it on standard input")
    line = getpass.getpass(f"{prompt}: ") if sys.stdin.isatty() else sys.stdin.readline(65536)
    secret = bare(line.encode(errors="replace")).decode()
    if not secret:
        raise CommandError(f"{prompt}: standard input was empty")
    return secret
