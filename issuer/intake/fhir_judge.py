"""One FHIR resource as a row, or the reason why it is none."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from issuer.intake.fhir_doses import Doses, dose_of
from issuer.intake.fhir_file import Resource
from issuer.intake.fhir_patients import Patient, Patients
from issuer.intake.fhir_shapes import (
    COMPLETED,
    FINAL,
    Members,
    codings,
    has_shape,
    is_modified,
    moment_of,
    parse_moment,
)
from issuer.intake.fhir_specimens import Specimens
from issuer.intake.fhir_versions import Standing
from issuer.intake.values import ExportRow, Rejected, RejectReason, Unusable, accept, check_born
from issuer.rules.fhir_rules import Coding, Course
from issuer.rules.policy import Policy

RESULTS = ("Immunization", "Observation")


@dataclass(frozen=True, repr=False)
class Shot:
    """A vaccination that counts. ``day`` is an ordinal; the numbers are the record's own."""

    person: Patient
    course: Course
    moment: datetime
    day: int
    number: int | None
    series: int | None


@dataclass(frozen=True)
class Judge:
    policy: Policy
    now: int
    patients: Patients
    specimens: Specimens
    doses: Doses

    def judge(self, resource: Resource, stands: int) -> ExportRow | Rejected:
        """What has been replaced is no longer anybody's result, and never urgent."""
        if stands == Standing.REPLACED:
            return Rejected(resource.line, RejectReason.SUPERSEDED, file=resource.file)
        try:
            if stands == Standing.UNCLEAR:
                raise Unusable(RejectReason.SUPERSEDED)
            return self._interpret(resource)
        except Unusable as unusable:
            withdraws = self._withdraws(resource)
            return Rejected(resource.line, unusable.fault, withdraws, resource.file)

    def _interpret(self, resource: Resource) -> ExportRow:
        kind, members = resource.type, resource.members
        if kind is None or members is None:
            raise Unusable(RejectReason.MISSING_COLUMNS)
        if kind not in RESULTS:
            raise Unusable(RejectReason.UNKNOWN_KIND)
        if not has_shape(kind, members):
            raise Unusable(RejectReason.MISSING_COLUMNS)
        read = self._immunization if kind == "Immunization" else self._observation
        person, evidence, at = read(resource, members)
        row = accept(resource.line, person.iin, evidence, at, self.policy, self.now)
        return replace(row, file=resource.file) if resource.file else row

    def _immunization(self, resource: Resource, members: Members) -> tuple[Patient, str, int]:
        shot = self.shot(resource, members)
        number = self.doses.number(shot.person.iin.number, shot.day)
        return shot.person, shot.course.evidence(number, shot.series), int(shot.moment.timestamp())

    def shot(self, resource: Resource, members: Members) -> Shot:
        """An Immunization that counts as a dose; raises Unusable for any other."""
        person = self.patients.find(members.get("patient"), resource)
        course = self.policy.fhir.course_of(codings(members["vaccineCode"]))
        if course is None:
            raise Unusable(RejectReason.UNKNOWN_KIND)
        if members["status"] not in COMPLETED:
            raise Unusable(RejectReason.NOT_FINAL)
        if is_modified(members) or _is_subpotent(members):
            raise Unusable(RejectReason.NOT_A_COURSE)
        number, series = dose_of(members)
        moment = _moment(members, self.policy, "occurrenceDateTime")
        day = _day(moment, self.policy)
        for born in (person.iin.born, person.born):
            self._check_born(born, moment.timestamp())
        if day < course.since.toordinal():
            raise Unusable(RejectReason.NOT_A_COURSE)
        return Shot(person, course, moment, day, number, series)

    def _observation(self, resource: Resource, members: Members) -> tuple[Patient, str, int]:
        person = self.patients.find(members.get("subject"), resource)
        evidence = self._finding(members)
        at = self._sampled_at(resource, members)
        self._check_born(person.born, at)
        return person, evidence, at

    def _finding(self, members: Members) -> str:
        """The evidence that a final result is."""
        tests, rules = codings(members["code"]), self.policy.fhir
        if not rules.knows_test(tests) or is_modified(members):
            raise Unusable(RejectReason.UNKNOWN_KIND)
        if members["status"] not in FINAL:
            raise Unusable(RejectReason.NOT_FINAL)
        if "valueCodeableConcept" not in members:
            raise Unusable(RejectReason.MISSING_COLUMNS)
        evidence = rules.evidence_of(tests, codings(members["valueCodeableConcept"]))
        if evidence is None:
            raise Unusable(RejectReason.UNKNOWN_KIND)
        return evidence

    def _sampled_at(self, resource: Resource, members: Members) -> int:
        """When the specimen was taken, else when the result says that it was.

        FHIR R4, Observation: ``effective[x]`` is often the time of release, and ``issued`` always.
        """
        taken = self.specimens.taken_at(members.get("specimen"), resource)
        if taken is not None:
            return taken
        if not any(name.startswith("effective") for name in members):
            raise Unusable(RejectReason.NO_SAMPLING_TIME)
        names = ("effectiveDateTime", "effectiveInstant")
        return int(_moment(members, self.policy, *names).timestamp())

    def _check_born(self, born: date | None, at: float) -> None:
        if born is not None:
            check_born(born, at, self.policy)

    def _withdraws(self, resource: Resource) -> bool | None:
        """Of a result that the policy knows, whoever's and in whatever state."""
        members = resource.members
        if resource.type not in RESULTS or not members or not has_shape(resource.type, members):
            return None
        if resource.type == "Immunization":
            known = self.policy.fhir.course_of(codings(members["vaccineCode"]))
            return None if known is None else False
        values: list[Coding] = codings(members.get("valueCodeableConcept", {"coding": []}))
        evidence = self.policy.fhir.evidence_of(codings(members["code"]), values)
        return None if evidence is None else self.policy.rule(evidence).withdraws


def _is_subpotent(members: Members) -> bool:
    """Whether less was given than protects (FHIR R4, Immunization, ``isSubpotent``)."""
    return members.get("isSubpotent", False) is not False or "subpotentReason" in members


def _moment(members: Members, policy: Policy, *names: str) -> datetime:
    try:
        moment = parse_moment(moment_of(members, *names), policy.zone)
        moment.timestamp()
    except (ValueError, OverflowError):
        raise Unusable(RejectReason.BAD_DATE) from None
    return moment


def _day(moment: datetime, policy: Policy) -> int:
    try:
        return moment.astimezone(policy.zone).toordinal()
    except (ValueError, OverflowError):
        raise Unusable(RejectReason.BAD_DATE) from None
