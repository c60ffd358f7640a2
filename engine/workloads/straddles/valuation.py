"""Stage 7 of the naive kernel: value, delta and profit of every day from entry to expiry."""

from datetime import date
from typing import Any

from engine.workloads.straddles.pricing import MODELS, model_without_value
from engine.workloads.straddles.stages import Cell, Row, Table

VALUES = ["mv", "delta", "opnl", "hpnl", "pnl"]


def get_straddle_valuation_full(table: Table) -> Table:
    """Return the table with mv, delta, opnl, hpnl and pnl; ``-`` outside entry..expiry and where the model gives no
    value."""
    action = table.columns.index("action")
    marks = {row[action]: position for position, row in enumerate(table.rows) if row[action] != "-"}
    if "ntry" not in marks or "xpry" not in marks:
        rows = [row + ["-"] * len(VALUES) for row in table.rows]
    else:
        rows = _value_rows(table, marks["ntry"], marks["xpry"])
    return Table(table.columns + VALUES, rows)


def _value_rows(table: Table, entry: int, expiry: int) -> list[Row]:
    rolled = [name for name in table.columns if name == "vol" or name.startswith("hedge")]
    market: dict[str, str] = {}
    before: dict[str, Any] = {}
    rows = []
    for position, row in enumerate(table.rows):
        if position < entry or position > expiry:
            rows.append(row + ["-"] * len(VALUES))
            continue
        day: dict[str, Any] = dict(zip(table.columns, row, strict=True))
        for name in rolled:
            if day[name] != "none":
                market[name] = day[name]
        day["spot"] = float(market[rolled[1]])
        day["mv"], day["delta"] = value(day, float(market["vol"]))
        day["opnl"], day["hpnl"], day["pnl"] = (0.0, 0.0, 0.0) if position == entry else profit(day, before)
        rows.append(row + [day[name] for name in VALUES])
        before = day
    return rows


def value(day: dict[str, Any], vol: float) -> tuple[Cell, Cell]:
    """Return mv and delta of one day by the model of its asset."""
    remaining = (date.fromisoformat(day["expiry"]) - date.fromisoformat(day["date"])).days
    model = MODELS.get(day["model"], model_without_value)
    return model(day["spot"], float(day["strike"]), vol, remaining) or ("-", "-")


def profit(day: dict[str, Any], before: dict[str, Any]) -> tuple[Cell, Cell, Cell]:
    """Return opnl, hpnl and their sum for one day: the change of mv, and yesterday's delta times the move of the first
    hedge."""
    opnl: Cell = "-"
    hpnl: Cell = "-"
    if day["mv"] != "-" and before["mv"] != "-":
        opnl = day["mv"] - before["mv"]
    if before["delta"] != "-":
        hpnl = -before["delta"] * (day["spot"] - before["spot"]) / float(day["strike"])
    return opnl, hpnl, "-" if isinstance(opnl, str) or isinstance(hpnl, str) else opnl + hpnl
