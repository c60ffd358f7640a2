"""What screens ask the app, and one another, for."""

from textual.message import Message

from engine.plan import Plan
from engine.request import SweepRequest


class SweepWanted(Message):
    """A sweep is to start; without a request that of the demo."""

    def __init__(self, request: SweepRequest | None = None) -> None:
        super().__init__()
        self.request = request


class ResumeWanted(Message):
    """The sweep that was interrupted is to go on."""


class StopWanted(Message):
    """The sweep is to stop."""


class FormWanted(Message):
    """The form is to be shown."""


class FormChecked(Message):
    """Whether the form stands for a request may have changed."""


class FormSubmitted(Message):
    """Someone pressed Run, or Demo."""

    def __init__(self, demo: bool = False) -> None:
        super().__init__()
        self.demo = demo


class CaptureWanted(Message):
    """A plan is to be sampled."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
