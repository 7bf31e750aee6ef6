"""A slip on the page, for the one time that it is shown: to print, or to save as a picture."""

from base64 import b64encode

from starlette.responses import Response

from issuer.console.desk import Desk
from issuer.slips import Slip
from shell.slips import Paper, draw_pdf, draw_png


def show_slip(desk: Desk, slip: Slip, *, again: str) -> Response:
    """Everything is in this one answer: the server keeps no copy to fetch later."""
    files = {
        f"{name}_{form}": b64encode(draw(slip, paper)).decode("ascii")
        for name, paper in (("a6", Paper.A6), ("roll", Paper.ROLL_58))
        for form, draw in (("png", draw_png), ("pdf", draw_pdf))
    }
    return desk.page("slip.html", code=slip.code, again=again, files=files)
