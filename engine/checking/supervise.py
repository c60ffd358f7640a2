"""The check as its caller sees it: events from a fresh process, which may crash or hang, and a report."""

from collections.abc import Generator
from importlib import metadata

import msgspec

from engine.checking.findings import (
    CheckEvent,
    CheckReport,
    CheckRequest,
    Finding,
    StepLeftOut,
    StepStarted,
    Tried,
    decode,
)
from engine.conversation import Conversation, Silent
from engine.events import Failed

NEEDED = ("", "source", "import", "load", "pickling", "sequential")
"""Steps without which there is nothing to go on with; the others can be left out."""


def check(request: CheckRequest, patience: float = 60.0) -> Generator[CheckEvent, None, CheckReport]:
    """Check a workload; yield what is looked at and found, and return the report.

    The user's code runs in processes of its own: one that crashes, or says nothing for ``patience`` seconds, is a
    finding. Closing the generator ends them. Raises RequestError (with exit code 2) when the workload cannot be
    imported or lacks what is asked for.
    """
    log = _Log(request)
    while not log.done:
        advice = ""
        wanted = msgspec.structs.replace(request, leave_out=(*request.leave_out, *log.dealt_with))
        with Conversation(("engine.checking",), wanted, decode) as process:
            try:
                for event in process.answers(lambda: patience):
                    if isinstance(event, Failed):
                        raise event.error()
                    if log.add(event):
                        yield event
                ended = f"the process {process.last_words()}" if process.exit_code() else ""
            except Silent as silence:
                ended, advice = str(silence), "if it is only slow, give it longer: --patience"
        if ended:
            finding = Finding(severity="breaks", step=log.step, what=ended, advice=advice)
            log.add(finding)
            yield finding
        log.done = not ended or log.step in NEEDED
    return log.report()


class _Log:
    """What one check has said so far, over all its processes."""

    def __init__(self, request: CheckRequest) -> None:
        self._request = request
        self._tried: Tried | None = None
        self._findings: dict[Finding, None] = {}
        self._left_out: dict[str, str] = {}
        self.dealt_with: dict[str, None] = {}
        """Steps begun, in order."""
        self.step = ""
        """The one that was begun last."""
        self.done = False

    def add(self, event: CheckEvent) -> bool:
        """Take note of an event; return whether it is new. A second process repeats what the first one said."""
        match event:
            case StepStarted():
                self.step = event.step
                new = event.step not in self.dealt_with
                self.dealt_with[event.step] = None
            case StepLeftOut():
                new = event.step not in self._left_out
                self._left_out[event.step] = event.reason
            case Finding():
                new = event not in self._findings
                self._findings[event] = None
            case Tried():
                new = self._tried is None
                self._tried = self._tried or event
            case Failed():
                new = False
        return new

    def report(self) -> CheckReport:
        """Return what was found, what breaks first."""
        findings = sorted(self._findings, key=lambda finding: finding.severity != "breaks")
        broken = {finding.step for finding in findings if finding.severity == "breaks"}
        tried = self._tried
        return CheckReport(
            workbench=metadata.version("workbench"),
            workload=tried.name if tried else self._request.workload,
            tasks=tried.tasks if tried else 0,
            tried=tried.tried if tried else 0,
            passed=tuple(step for step in self.dealt_with if step not in broken),
            left_out=self._left_out,
            findings=tuple(findings),
        )
