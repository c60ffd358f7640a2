"""The parts of the form: a field for a knob, and a tick for a mode."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Checkbox, Input, Label

from engine.knob import Knob
from workbench.tui.catalogue import ModeFacts
from workbench.tui.entries import label
from workbench.words.numbers import UNICODE, Signs


class Field(Horizontal):
    """A label and one line of text for the values of a knob."""

    def __init__(
        self, knob: Knob, value: str, section: str = "axes", signs: Signs = UNICODE, placeholder: str = ""
    ) -> None:
        super().__init__(classes="field")
        self.knob, self.section, self._value, self._signs = knob, section, value, signs
        self._choices = tuple(map(str, knob.choices)) or knob.words
        self._placeholder = placeholder
        self._wrong = False

    def compose(self) -> ComposeResult:
        """Label and input."""
        yield Label(Content(label(self.knob.name)))
        placeholder = self._placeholder or ",".join(self._choices)
        yield Input(self._value, placeholder=placeholder, suggester=self._suggester(), compact=True)

    def _suggester(self) -> SuggestFromList | None:
        return SuggestFromList(self._choices) if self._choices else None

    def offer(self, choices: tuple[str, ...]) -> None:
        """Say which values there are, where the knob itself does not know."""
        self._choices = choices
        field = self.query_one(Input)
        field.placeholder, field.suggester = ",".join(choices), self._suggester()

    def suggest(self, texts: tuple[str, ...]) -> None:
        """Complete what is typed to the first of these that begins like it, and show the first as an example."""
        if texts:
            field = self.query_one(Input)
            field.suggester = SuggestFromList(texts)
            field.placeholder = f"such as {texts[0]}"

    @property
    def key(self) -> str:
        """What finds its problem: a workload's knob may be called as one of the engine's."""
        return f"{self.section}.{self.knob.name}"

    @property
    def text(self) -> str:
        """What was typed."""
        return self.query_one(Input).value

    @text.setter
    def text(self, text: str) -> None:
        self.query_one(Input).value = text

    @property
    def hint(self) -> str:
        """What this knob means and what it takes."""
        unit = f" [{self.knob.unit}]" if self.knob.unit else ""
        values = f" [{', '.join(self._choices)}]" if self._choices else unit
        return f"{label(self.knob.name)}: {self.knob.help}{values}"

    def mark(self, wrong: bool) -> None:
        """Show by sign and colour whether the text can be used."""
        if wrong == self._wrong:
            return
        self._wrong = wrong
        self.set_class(wrong, "-wrong")
        sign = f"{self._signs.status[1]} " if wrong else ""
        self.query_one(Label).update(Content(sign + label(self.knob.name)))


class ModeBox(Checkbox):
    """A mode with a tick; one that cannot run here is dimmed and says why."""

    BUTTON_LEFT, BUTTON_INNER, BUTTON_RIGHT = "[", " ", "]"

    def __init__(self, mode: ModeFacts, ticked: bool) -> None:
        words = f"unavailable: {mode.unavailable}" if mode.unavailable else mode.summary
        text = Content(f"{mode.name:<14}{words}")
        super().__init__(text, ticked and not mode.unavailable, compact=True, disabled=bool(mode.unavailable))
        self.mode = mode

    def render(self) -> Content:
        """Textual tells ticked from unticked by colour alone; here the tick is there or not."""
        self.BUTTON_INNER = "x" if self.value else " "
        return super().render()
