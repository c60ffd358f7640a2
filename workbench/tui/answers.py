"""What another ``workbench`` says, as plain lines for the screen."""

from workbench.words.numbers import Signs


def surroundings(width: int, signs: Signs) -> dict[str, str]:
    """Return the variables under which a child writes lines of this width in characters that the terminal has."""
    return {"COLUMNS": str(width), "PYTHONIOENCODING": "ascii" if signs.ascii_only else "utf-8"}


def plain_lines(text: str) -> list[str]:
    """Return the lines, aligned as they are, with a blank for each character that is none to be seen."""
    return ["".join(each if each.isprintable() else " " for each in line).rstrip() for line in text.split("\n")]


def complaint(code: int, said: str, signs: Signs) -> list[str]:
    """Return why there is no answer, in the words of the command."""
    lines = [signs.text(line) for line in said.splitlines() if line.strip()]
    return [line.removeprefix("workbench: ") for line in lines[-12:]] or [f"it ended with exit code {code}"]
