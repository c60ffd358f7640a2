"""How much is measured: all of it, or what fits into a minute."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Blocks, rounds and the number of tasks."""

    quick: bool
    share: float = 1.0
    """Part of the tasks that is run, for a look at whether everything works; claims are judged only at 1."""

    @property
    def blocks(self) -> int:
        """Times every process is started anew."""
        return 1 if self.quick else 3

    @property
    def rounds(self) -> int:
        """Timed runs of each arm in a block."""
        return 3

    def tasks(self, full: int, quick: int) -> int:
        """Return how many tasks to run."""
        return max(4, round((quick if self.quick else full) * self.share))

    def unjudged(self, reduced: bool = False) -> str:
        """Return why claims are not judged, empty if they are; ``reduced``: quick takes smaller data here."""
        if self.share < 1:
            return "fewer tasks"
        return "reduced size" if self.quick and reduced else ""
