"""The errors of these programs: one root, and one type for what a closed list of faults refuses.

A list of faults is a StrEnum, and a type of refusal names it. Where people are told of a fault in
the same words everywhere, its texts belong to the type:

>>> from schemas.bundle_faults import BundleFault, BundleRejected
>>> rejected = BundleRejected(BundleFault.EXPIRED)
>>> rejected.fault, rejected.helpdesk
(<BundleFault.EXPIRED: 'expired'>, 'Q47')
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from schemas.languages import Language

FaultT = TypeVar("FaultT", bound=StrEnum)


class QupiaError(Exception):
    """What these programs raise by themselves. Its text never holds a secret or a person's data."""


class Refusal(QupiaError, Generic[FaultT]):
    """Something was not done, or not accepted, and what was before stays in force.

    ``fault`` says why. ``texts`` has for each fault a sentence in each language, and where there
    is a help desk for it the code; a type without texts is told by whoever catches it.
    """

    texts: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, fault: FaultT) -> None:
        super().__init__(fault.value)
        self.fault = fault

    @property
    def helpdesk(self) -> str:
        """``Q`` and two digits, to be read out to a help desk."""
        return self._written("helpdesk")

    def text(self, language: Language) -> str:
        """One or two sentences for whoever is refused, or looks after the device."""
        return self._written(language).format_map(vars(self))

    def _written(self, member: str) -> str:
        return str(self.texts[self.fault][member])
