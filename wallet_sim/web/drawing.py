"""A QR code as one path of an SVG picture, a unit square for each module."""

from shell.pictures import qr_matrix


def qr_path(text: str) -> tuple[int, str]:
    """The side in modules with the quiet zone, and the path of what is dark."""
    matrix = qr_matrix(text)
    return len(matrix), "".join(_row(y, row) for y, row in enumerate(matrix))


def _row(y: int, row: list[bool]) -> str:
    """Each run of dark modules is one rectangle."""
    parts, start = [], None
    for x, dark in enumerate([*row, False]):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            parts.append(f"M{start} {y}h{x - start}v1H{start}z")
            start = None
    return "".join(parts)
