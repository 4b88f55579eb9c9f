"""What a check finds."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended. Only a FAULT makes the doctor's exit code 1."""

    OK = "ok"
    NOTE = "note"  # works, but worth knowing
    FAULT = "fault"
    SKIPPED = "skipped"  # could not be looked at, for a reason told elsewhere


@dataclass(frozen=True)
class Finding:
    """`said` is what is the case, `remedy` what to do about it."""

    verdict: Verdict
    said: str
    remedy: str = ""


def ok(said: str) -> Finding:
    """All is well."""
    return Finding(Verdict.OK, said)


def note(said: str, remedy: str) -> Finding:
    """It works, but."""
    return Finding(Verdict.NOTE, said, remedy)


def fault(said: str, remedy: str) -> Finding:
    """It does not work, or will not for long."""
    return Finding(Verdict.FAULT, said, remedy)


def skipped(why: str) -> Finding:
    """Nobody can tell now."""
    return Finding(Verdict.SKIPPED, why)
