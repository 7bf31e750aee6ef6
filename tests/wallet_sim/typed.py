"""Commands as a person or a program types them."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from schemas.activation import Activation, format_activation_url
from tests.wallet_sim.issuer_in_memory import Phone


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def members(self) -> dict[str, Any]:
        return dict(json.loads(self.out))


class Typed(io.StringIO):
    """Standard input of a person at a terminal."""

    def isatty(self) -> bool:
        return True


Run = Callable[..., Outcome]


def link_to(phone: Phone, code: str) -> str:
    return format_activation_url(Activation(phone.issuer.world.iss, code, phone.issuer.world.pin))
