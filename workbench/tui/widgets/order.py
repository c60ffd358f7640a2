"""In which order a table shows its rows. Pure."""

from collections.abc import Callable, Iterable

from workbench.words.table import Rank


def arrange(rows: Iterable[int], sort: tuple[str, bool] | None, rank: Callable[[int, str], Rank]) -> list[int]:
    """Return the rows sorted by a column, the largest first if its second part says so; None: as they are.

    Rows without a value come last either way, numbers before texts; equal rows keep their order.
    """
    order = list(rows)
    if sort is None:
        return order
    column, falling = sort
    ranks = {row: rank(row, column) for row in order}
    known = [row for row in order if ranks[row] is not None]
    numbers = [row for row in known if not isinstance(ranks[row], str)]
    texts = [row for row in known if isinstance(ranks[row], str)]
    for group in (numbers, texts):
        group.sort(key=lambda row: ranks[row], reverse=falling)  # type: ignore[arg-type, return-value]
    return [*numbers, *texts, *(row for row in order if ranks[row] is None)]
