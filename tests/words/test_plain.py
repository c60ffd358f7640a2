import subprocess
import sys

from engine.events import Failed, RunFinished, SweepFinished, TrialStarted
from tests.builders import a_continued_race, a_failure, a_report, a_start, a_sweep
from workbench.state import State, fold, fold_all
from workbench.words.numbers import ASCII
from workbench.words.plain import narrate


def told(events, signs=None) -> list[str]:
    state, lines = State(), []
    for event in events:
        state = fold(state, event)
        line = narrate(event, state, signs) if signs else narrate(event, state)
        lines += [line] if line else []
    return lines


def test_a_sweep_is_told_in_order_from_start_to_recommendation():
    lines = told(a_sweep())
    assert lines[0] == "sweep of straddles small: 8 plans in 3 blocks on Test CPU, 4 usable cores"
    assert lines[1] == "block 1 of 3: starting a fresh process"
    assert lines[2] == "data loaded: 1000 tasks, 216 MB in 300 ms"
    assert lines[3] == "ceiling: 2 independent copies get 1.90×"
    assert lines[5] == "1/24 sequential, python, about 1m51s left"
    assert lines[6] == "sequential, python: set-up 100 ms"
    assert lines[7] == "sequential, python: first run 2.20 s"
    assert lines[8] == "sequential, python: ok, 2.00 s a run, 500 tasks/s, speedup 1.00×"
    assert lines[-1].startswith("finished: use shared-memory × 4, numpy: the whole chunk")


def test_what_an_earlier_sweep_measured_is_told_in_one_line():
    lines = told(a_continued_race())
    assert lines[0] == "sweep of straddles small: 3 plans race on Test CPU, 4 usable cores"
    assert lines[1] == "taken over from an earlier sweep: 3 measurements of 3 plans in 1 block"
    assert lines[2] == "block 2: starting a fresh process"


def test_steady_runs_are_summed_up_not_told_one_by_one():
    event = RunFinished(block=0, plan=0, kind="steady", seconds=1.0)
    assert narrate(event, fold_all([a_start(), event])) is None


def test_a_failure_is_told_with_its_reason_on_one_line():
    event = a_failure(0, 2, "ValueError:\n[/dim] \x1b[2J", status="failed")
    assert narrate(event, fold_all([a_start(), event])) == "thread × 2, python: failed: ValueError: [/dim] [2J"


def test_a_sweep_that_failed_or_was_stopped_says_so():
    failed = Failed(message="unknown workload 'x'", exit_code=2)
    assert narrate(failed, fold(State(), failed)) == "the sweep failed: unknown workload 'x'"
    stopped = SweepFinished(report=a_report(complete=False, recommendation=None))
    assert narrate(stopped, fold(State(), stopped)) == "stopped early: no recommendation"


def test_an_event_about_an_unknown_plan_is_passed_over():
    event = TrialStarted(block=0, plan=99)
    assert narrate(event, fold_all([a_start(), event])) is None


def test_without_unicode_every_line_is_ascii():
    assert all(line.isascii() for line in told(a_sweep(), ASCII))


def test_state_and_text_load_neither_textual_nor_rich_nor_numpy():
    code = (
        "import sys, workbench.state, workbench.figures, workbench.words.format, workbench.words.plain;"
        "print(sorted({'textual', 'rich', 'numpy', 'textual_plot'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_terminal_ui_starts_without_numpy_and_without_the_engines_modes():
    code = (
        "import sys, workbench.tui.app;"
        "print(sorted({'numpy', 'scipy', 'pyarrow', 'torch', 'engine.modes', 'engine.workloads'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
