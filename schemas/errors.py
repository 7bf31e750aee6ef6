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
from typing import ClassVar, Generic, TypeVar

from schemas.catalogues import sentence
from schemas.languages import Language

FaultT = TypeVar("FaultT", bound=StrEnum)


class QupiaError(Exception):
    """What these programs raise by themselves. Its text never holds a secret or a person's data."""


class Refusal(QupiaError, Generic[FaultT]):
    """Something was not done, or not accepted, and what was before stays in force.

    ``fault`` says why. The catalogue has a sentence for each fault, and ``kind`` ends its name;
    where there is a help desk, ``table`` has the code. A type without a kind is told by whoever
    catches it.
    """

    table: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    kind: ClassVar[str] = ""

    def __init__(self, fault: FaultT) -> None:
        super().__init__(fault.value)
        self.fault = fault

    @property
    def helpdesk(self) -> str:
        """``Q`` and two digits, to be read out to a help desk."""
        return self.table[self.fault]["helpdesk"]

    def text(self, language: Language) -> str:
        """One or two sentences for whoever is refused, or looks after the device."""
        return sentence(f"{self.fault}_{self.kind}", language, **vars(self))
