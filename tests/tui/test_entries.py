import pytest

from engine.errors import RequestError
from engine.knob import Knob
from engine.measure.sample import LEAST
from engine.plan import KNOBS
from engine.request import SweepRequest
from tests.builders import a_plan
from tests.tui.fakes import FUNCTION, STRADDLES
from workbench.state import State
from workbench.tui.catalogue import WorkloadOffer
from workbench.tui.entries import (
    AXES,
    SAMPLE,
    Entries,
    check,
    command_line,
    entries_of,
    flamegraph_command,
    parse_axis,
)


def an_entry(**changes) -> Entries:
    return Entries(**({"workload": "straddles", "size": "small", "modes": ("sequential", "thread")} | changes))


def problem_with(**changes) -> str:
    request, problems = check(an_entry(**changes), STRADDLES)
    assert request is None
    assert len(problems) == 1
    return next(iter(problems.values()))


def test_every_knob_of_the_plan_is_in_the_form():
    assert [knob.name for knob in KNOBS] == ["mode", *(knob.name for knob in AXES)]


def test_empty_fields_leave_the_choice_to_the_engine():
    request, problems = check(an_entry(), STRADDLES)
    assert problems == {}
    assert request == SweepRequest(workload="straddles", size="small", axes={"mode": ("sequential", "thread")})


def test_values_are_typed_and_auto_is_a_word():
    axes = {"workers": "1, 2,auto", "chunk_size": "auto,64", "kernel": "numpy"}
    care = {"blocks": "7", "sample": "200", "goal": "steady"}
    request, _ = check(an_entry(axes=axes, settings={"fee": "1,2.5"}, **care), STRADDLES)
    assert request
    assert request.axes["workers"] == (1, 2, "auto")
    assert request.axes["chunk_size"] == ("auto", 64)
    assert request.settings == {"fee": (1.0, 2.5)}
    assert (request.blocks, request.sample, request.goal) == (7, 200, "steady")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"modes": ()}, "modes: tick at least one"),
        ({"workload": ""}, "workload: choose one, or type module:attribute or file.py:attribute"),
        ({"axes": {"workers": "two"}}, "workers: expected a whole number, got 'two'"),
        ({"axes": {"workers": "0"}}, "workers: workers must be at least 1, got 0"),
        ({"axes": {"kernel": "nunpy"}}, "kernel: unknown kernel 'nunpy'; did you mean 'numpy'?"),
        ({"axes": {"start_method": "frok"}}, "start method: unknown start_method 'frok'; did you mean 'fork'?"),
        ({"settings": {"layout": "colums"}}, "layout: unknown layout 'colums'; did you mean 'columns'?"),
        ({"settings": {"fee": "-1"}}, "fee: fee must be at least 0, got -1.0"),
        ({"blocks": "0"}, "blocks: blocks must be at least 1, got 0"),
        ({"blocks": "1,2"}, "blocks: one number, please"),
        ({"sample": "16,32"}, "sample: one number, please"),
        ({"sample": "some"}, "sample: expected a whole number, got 'some'"),
        ({"sample": "-1"}, "sample: sample must be at least 0, got -1"),
        ({"sample": "15"}, "--sample 15: at least 16 tasks are needed to see how time grows with them"),
    ],
)
def test_a_wrong_field_is_named_with_what_would_be_right(changes, problem):
    assert problem_with(**changes) == problem


@pytest.mark.parametrize(("text", "sample"), [("", 0), ("0", 0), ("16", 16)])
def test_without_a_sample_all_tasks_are_measured(text, sample):
    request, _ = check(an_entry(sample=text), STRADDLES)
    assert request
    assert request.sample == sample


def test_the_hint_names_the_smallest_sample():
    assert f"({LEAST} or more)" in SAMPLE.help


def test_a_knob_of_the_workload_may_be_called_as_one_of_the_engine():
    offer = WorkloadOffer(reference="mine.py:WORK", knobs=(Knob("sample", "paths drawn", 9, low=1),))
    _, problems = check(an_entry(settings={"sample": "0"}, sample="16"), offer)
    assert problems == {"settings.sample": "sample: sample must be at least 1, got 0"}


def test_a_comma_too_many_is_a_mistake_not_a_value():
    with pytest.raises(RequestError, match="workers: expected a whole number, got ''"):
        parse_axis(next(knob for knob in AXES if knob.name == "workers"), "1,,2")


def test_a_request_goes_through_the_form_unchanged():
    request = SweepRequest(
        workload="straddles",
        size="medium",
        blocks=7,
        goal="steady",
        axes={"mode": ("process",), "workers": (1, 2), "chunk_size": ("auto", 64)},
        settings={"layout": ("columns",), "fee": (0.5,)},
    )
    assert check(entries_of(request), STRADDLES) == (request, {})


def test_a_request_for_a_plain_function_goes_through_the_form_unchanged():
    request = SweepRequest(
        workload="mine.py:run_one",
        tasks="mine.py:tasks",
        data="mine.py:load",
        sample=200,
        axes={"mode": ("thread",)},
    )
    assert check(entries_of(request), FUNCTION) == (request, {})


def test_what_the_form_has_no_field_for_is_kept():
    request = SweepRequest(workload="straddles", budget=60, patience=90, axes={"mode": ("thread",)})
    assert check(entries_of(request), STRADDLES) == (request, {})


def test_the_command_line_says_the_same_as_the_request():
    request = SweepRequest(
        workload="mine.py:one",
        tasks="mine.py:tasks",
        data="mine.py:load",
        size="tiny",
        blocks=7,
        budget=60,
        patience=90,
        sample=200,
        axes={"mode": ("thread", "process"), "workers": (1, "auto"), "start_method": ("fork",)},
        settings={"memoise": (True, False)},
    )
    assert " ".join(command_line(request)) == (
        "workbench sweep mine.py:one --tasks mine.py:tasks --data mine.py:load --size tiny --modes thread,process "
        "--workers 1,auto --start-method fork --set memoise=true,false --blocks 7 --budget 60 --patience 90 "
        "--sample 200"
    )


def test_hot_spots_are_asked_for_with_every_knob_of_the_plan():
    plan = a_plan("process", 2, "numpy", settings={"layout": "columns"})
    state = State(workload="one", reference="mine.py:one", functions=("mine.py:tasks", ""), size="small")
    assert " ".join(flamegraph_command(state, plan, "spots")) == (
        "flamegraph mine.py:one --tasks mine.py:tasks --mode process --workers 2 --chunk-size auto --kernel numpy "
        "--start-method forkserver --threads-per-worker 1 --device auto --set layout=columns --size small "
        "--out spots --json"
    )
