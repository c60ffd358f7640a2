"""The recommended plan as the tuned config that ``workbench run`` and ``engine.load_config`` take."""

from engine.exports.base import Export
from engine.production.config import config_text
from engine.report import SweepReport


def render(report: SweepReport) -> bytes:
    """Return the config as TOML. Raises RequestError for a report that recommends nothing."""
    return config_text(report).encode()


TUNED = Export("tuned", ".toml", "the recommended plan as a tuned config, for `workbench run`", render)
