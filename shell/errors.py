"""The one error that a person sees at a command, and where an unforeseen one came from."""

from pathlib import Path

from schemas.errors import QupiaError


class CommandError(QupiaError):
    """One line that says what to do, and the exit status.

    ``exit_code`` is 1 where something was refused or a check failed, 2 for usage, bad input or
    something that cannot be checked (docs/formats.md, "Commands"). The message never holds a
    secret, a code or a reference.
    """

    def __init__(self, message: str, *, exit_code: int = 2) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code


def place_of(error: BaseException) -> str:
    """``TypeError at module.py:12``: the type and place of an error, never its text.

    A text could hold a secret or a person's data.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} at {place}"
