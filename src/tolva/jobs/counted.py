"""A number that was counted up to a limit, because nobody waits for the last of a million."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Counted:
    """`number` is the limit where there are more: then it is not `exact`."""

    number: int
    exact: bool = True

    def __str__(self) -> str:
        """For people.

        >>> str(Counted(7)), str(Counted(10_000, exact=False))
        ('7', '10,000+')
        """
        return f"{self.number:,}{'' if self.exact else '+'}"

    def without(self, part: int) -> "Counted":
        """Those that are not of a part; all of them where they are too many to tell.

        >>> Counted(7).without(3), Counted(10_000, exact=False).without(3)
        (Counted(number=4, exact=True), Counted(number=10000, exact=False))
        """
        return Counted(self.number - part) if self.exact else self


def counted(found: int, most: int) -> Counted:
    """What was counted up to one more than `most`.

    >>> counted(10, 10), counted(11, 10)
    (Counted(number=10, exact=True), Counted(number=10, exact=False))
    """
    return Counted(min(found, most), exact=found <= most)
