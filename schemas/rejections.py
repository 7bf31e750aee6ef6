"""What a signed document of the authority is refused with: a fault of a closed list."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar

from schemas.languages import Language


class Rejection(Exception):
    """Something was not accepted; what was known before stays in force.

    ``texts`` has for each fault a help-desk code and a sentence in each language.
    """

    texts: ClassVar[Mapping[str, Any]]

    def __init__(self, fault: StrEnum) -> None:
        super().__init__(fault.value)
        self.fault = fault

    @property
    def helpdesk(self) -> str:
        """``Q`` and two digits, to be read out to a help desk."""
        return str(self.texts[self.fault]["helpdesk"])

    def text(self, language: Language) -> str:
        """One or two sentences for whoever looks after the device."""
        return str(self.texts[self.fault][language])
