"""Passes admitted here in the last three minutes, in memory only.

This is step 8 of docs/formats.md, "Deciding at the door".
"""

MEMORY_SECONDS = 180


class SeenSet:
    """H(x || y) of each admitted pass, with the second in which it was admitted.

    What is older than three minutes is forgotten with the next call. If the clock is set back, an
    entry counts for three minutes in the other direction, so that a small correction does not let
    a pass in twice and a large one does not keep anything for longer.
    """

    def __init__(self) -> None:
        self._admitted: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._admitted)

    def seconds_since(self, fingerprint: bytes, *, now: int) -> int | None:
        """How long ago the pass was admitted here, 0 to 179; None when it was not."""
        self.prune(now)
        admitted = self._admitted.get(fingerprint)
        if admitted is None or not _is_remembered(admitted, now):
            return None
        return max(0, now - admitted)

    def add(self, fingerprint: bytes, *, now: int) -> None:
        """Remember an admitted pass; ``fingerprint`` is 32 bytes."""
        self._admitted.pop(fingerprint, None)
        self._admitted[fingerprint] = now

    def prune(self, now: int) -> None:
        """Forget what is too old; the entries stand in the order in which they were added."""
        while self._admitted:
            fingerprint, admitted = next(iter(self._admitted.items()))
            if _is_remembered(admitted, now):
                return
            del self._admitted[fingerprint]


def _is_remembered(admitted: int, now: int) -> bool:
    return abs(now - admitted) < MEMORY_SECONDS
