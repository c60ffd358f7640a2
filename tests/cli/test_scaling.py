"""``workbench scaling`` as a user meets it."""

import json

from engine.analyse.scaling import strong_scaling, weak_scaling
from engine.tune.scale import LeftOut, ScalingCurve, ScalingReport
from tests.builders import a_plan, a_report
from tests.cli.test_commands import workbench
from workbench.commands.scaling import scaling_lines
from workbench.words.numbers import ASCII, UNICODE


def a_scaling_report() -> ScalingReport:
    """One worker takes 2 s for half the tasks and 4 s for all; two take 2.5 s for all."""
    moods = {0: 1.0, 1: 1.02}
    all_tasks = {1: {b: 4 * m for b, m in moods.items()}, 2: {0: 2.5, 1: 2.55}}
    shares = {1: (500, {b: 2 * m for b, m in moods.items()}), 2: (1000, {0: 2.5, 1: 2.6})}
    curve = ScalingCurve(plan=a_plan("thread"), strong=strong_scaling(all_tasks), weak=weak_scaling(shares))
    report = a_report()
    return ScalingReport(
        workbench="0.1.0",
        created=report.created,
        complete=True,
        blocks=2,
        confidence=0.5,
        host=report.host,
        workload=report.workload,
        curves=(curve,),
        left_out=(LeftOut(a_plan("gpu-batch", 1, "torch"), "no [CUDA] device"),),
        notes=("a neighbour",),
    )


def test_the_tables_tell_time_speedup_and_efficiency_with_intervals():
    lines = list(scaling_lines(a_scaling_report(), UNICODE))
    text = "\n".join(lines)
    assert lines[0] == "straddles small, 1,000 tasks; medians of 2 blocks, intervals 50% sure"
    assert "thread, python" in lines
    rows = [line.split() for line in lines if line.split()[:1] in (["1"], ["2"])]
    assert rows[1][:2] == ["2", "1,000"]
    assert "1.60×" in rows[1]
    assert rows[2][:4] == ["1", "500", "2.02", "s"]
    assert "1.58× (1.57 to 1.60)" in text
    assert "79% (78% to 80%)" in text
    assert "serial part, as Gustafson has it: 42% (40% to 43%)" in text
    assert lines[-2:] == ["not measured: gpu-batch, torch: no [CUDA] device", "a neighbour"]
    assert all(line.isascii() for line in scaling_lines(a_scaling_report(), ASCII))


def test_scaling_is_one_json_document(leftovers):
    few = ["--set", "tasks=40", "--set", "work=200", "--blocks", "1", "--modes", "thread", "--kernel", "python"]
    done = workbench("scaling", "fixed_cost", *few, "--workers", "1,2", "--json")
    assert done.returncode == 0, done.stderr
    (curve,) = json.loads(done.stdout)["curves"]
    assert [(each["workers"], each["tasks"]) for each in curve["weak"]["points"]] == [(1, 20), (2, 40)]
    assert [each["workers"] for each in curve["strong"]] == [1, 2]


def test_one_worker_alone_is_a_wrong_request():
    done = workbench("scaling", "fixed_cost", "--workers", "1")
    assert done.returncode == 2
    assert "--workers: name a number above 1" in done.stderr
