"""The one error that a person sees at a command."""


class CommandError(Exception):
    """One line that says what to do, and the exit status.

    ``exit_code`` is 1 where something was refused or a check failed, 2 for usage, bad input or
    something that cannot be checked (design section 10). The message never holds a secret, a code
    or a reference.
    """

    def __init__(self, message: str, *, exit_code: int = 2) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
