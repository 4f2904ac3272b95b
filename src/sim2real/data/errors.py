"""The one error a user is meant to read."""


class Sim2RealError(Exception):
    """Something the user can put right, told in one line.

    The message names the file or parameter, what was wrong, what was expected and what to do.
    Inside a notebook only that line is shown, never a traceback.
    """

    def __init__(self, message: str):
        super().__init__(" ".join(str(message).split()))

    def _render_traceback_(self) -> list[str]:  # IPython's hook
        return [f"{type(self).__name__}: {self}"]


def refuse(fault: object, message: str) -> None:
    """Raise Sim2RealError with ``message`` where there is a ``fault``."""
    if fault:
        raise Sim2RealError(message)
