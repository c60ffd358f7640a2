"""The published JSON Schemas; the committed files are what ``schema_of`` returns, and a test holds them to it."""

import msgspec

from engine.analyse.comparing.result import Comparison
from engine.events import AnyEvent
from engine.production.config import TunedConfig
from engine.production.summary import RunSummary
from engine.report import SweepReport
from engine.run_events import RunEvent

KINDS = {
    "report": SweepReport,
    "config": TunedConfig,
    "event": AnyEvent,
    "comparison": Comparison,
    "run": RunSummary,
    "run-event": RunEvent,
}


def schema_of(name: str) -> str:
    """Return the JSON Schema of one of ``KINDS``, as text."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(KINDS[name])}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
