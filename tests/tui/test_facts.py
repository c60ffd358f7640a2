"""One recording, three ways to read it: the screen, --plain and the JSON say the same."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from engine.events import SweepFinished
from engine.plan import describe
from engine.recording import read_recording
from engine.report import SweepReport
from tests.tui.fakes import World, a_screen, screen_of, text_of, until
from workbench.cli import workbench
from workbench.tui.playback import Playback
from workbench.tui.widgets.results import ResultsTable
from workbench.words.numbers import efficiency, ratio, seconds, size, timing

RECORDING = Path(__file__).parents[1] / "recorded" / "demo.jsonl"


@pytest.fixture(scope="module")
def report():
    """What the JSON says: the report is the last event, byte for byte what --json prints."""
    last = read_recording(RECORDING)[-1]
    assert isinstance(last, SweepFinished)
    return msgspec.json.decode(msgspec.json.encode(last.report), type=SweepReport)


@pytest.fixture(scope="module")
def plain():
    done = CliRunner().invoke(workbench, ["replay", str(RECORDING), "--plain"], standalone_mode=False)
    return done.output


@pytest.fixture(scope="module")
def screen():
    async def read():
        playback = Playback(read_recording(RECORDING), seconds=0.1)
        async with a_screen(World(), (220, 60), replay=(playback, "demo.jsonl")) as pilot:
            await until(pilot, lambda: screen_of(pilot).phase == "done")
            await pilot.pause()
            table = screen_of(pilot).query_one(ResultsTable)
            lines = [table.line(row)[1] for row in range(len(screen_of(pilot).state.rows))]
            details = []
            for row in range(len(lines)):
                table.select(row)
                await pilot.pause()
                details.append(text_of(pilot))
            return lines, details

    return asyncio.run(read())


def test_every_figure_of_the_json_is_on_the_screen_and_in_the_plain_text(report, plain, screen):
    lines, _ = screen
    assert len(lines) == len(report.trials)
    for trial, line in zip(report.trials, lines, strict=True):
        if not trial.measured:
            assert trial.reason[:30] in line
            assert trial.reason[:30] in plain
            continue
        figures = [timing(trial.seconds), ratio(trial.speedup.median), size(trial.peak_memory_bytes)]
        figures += [efficiency(trial.efficiency)] if trial.efficiency is not None else []
        figures += [f"{seconds(trial.job_seconds.median)} {ratio(trial.job_speedup.median):>5}"]
        for figure in figures:
            assert figure in line, (figure, line)
        figures.remove(size(trial.peak_memory_bytes))  # plain text is as wide as the terminal, 80 columns here
        assert timing(trial.seconds) in plain


def test_every_verdict_of_the_json_is_on_the_screen_and_in_the_plain_text(report, plain, screen):
    _, details = screen
    words = " ".join(plain.split())
    plans = [trial.plan for trial in report.trials]
    for trial, text in zip(report.trials, details, strict=True):
        assert describe(trial.plan, plans) in text
        assert describe(trial.plan, plans) in words
        if trial.measured and trial.verdict:
            assert trial.verdict in text
            assert trial.verdict in words


def test_the_recommendation_is_the_same_in_all_three(report, plain, screen):
    _, details = screen
    plans = [trial.plan for trial in report.trials]
    chosen = f"Use {describe(report.recommendation.plan, plans)}"
    assert chosen in plain
    assert chosen in details[0]
    assert ratio(report.recommendation.speedup.median) in details[0]
    assert report.recommendation.reason in " ".join(plain.split())
