"""``workbench history`` as a user meets it."""

import json
import sqlite3
from contextlib import closing

import pytest
from msgspec.structs import replace

from engine.history import open_history, store
from engine.host import describe_host
from engine.production.config import samples_hash, save_config
from tests.builders import a_host
from tests.cli.test_commands import workbench
from tests.history.reports import PLANS, WINNER, a_day, with_settings
from workbench.cli import main
from workbench.commands.keeping import keep_sweep

FEW = ["fixed_cost", "--set", "tasks=9", "--blocks", "1", "--modes", "sequential", "--kernel", "python"]
LINE = "shared-memory × 4, numpy, forkserver"


@pytest.fixture
def history(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HISTORY", str(tmp_path / "h.sqlite3"))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(store, "checkout_of", lambda reference: None)
    return open_history()


@pytest.fixture
def kept(history):
    """Five days, with a slower time between."""
    for day, times in enumerate((1.0, 1.01, 1.5, 1.51, 1.0), 1):
        history.add(a_day(day, times))
    return history


@pytest.fixture
def said(capsys):
    """Return a function that runs a command and returns its exit code and what it printed."""

    def say(*arguments):
        code = main(["history", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return say


def test_a_sweep_is_kept_and_shown_again_as_it_was(history, leftovers):
    done = workbench("sweep", *FEW, "--json")
    assert done.returncode == 0, done.stderr
    assert "kept in the history: workbench history show 1" in done.stderr
    listed = workbench("history", "--json")
    (sweep,) = json.loads(listed.stdout)["sweeps"]
    assert (sweep["id"], sweep["workload"], sweep["plans"]) == (1, "fixed_cost", 1)
    assert sweep["host"] == describe_host().fingerprint
    assert json.loads(workbench("history", "show", "1", "--json").stdout) == json.loads(done.stdout)
    assert " here " in workbench("history").stdout


@pytest.mark.parametrize(("flags", "value"), [(["--no-history"], None), ([], "off")])
def test_a_sweep_is_not_kept_when_that_is_not_wanted(history, flags, value, leftovers):
    variables = {"WORKBENCH_HISTORY": value} if value else {}
    done = workbench("sweep", *FEW, *flags, **variables)
    assert done.returncode == 0
    assert "history" not in done.stderr
    assert not history.path.exists()


def test_a_history_that_cannot_be_written_is_a_warning(history, leftovers):
    history.path.write_bytes(b"no database" * 100)
    done = workbench("sweep", *FEW, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["complete"]
    assert f"workbench: the sweep is not kept in the history: {history.path}: is not a database" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_sweep_without_a_finished_block_is_not_kept(history, capsys):
    keep_sweep(replace(a_day(1), blocks=0, complete=False), {"no_history": False})
    assert capsys.readouterr() == ("", "")
    assert not history.path.exists()


def test_an_empty_history_says_what_to_do_next(history, said):
    for command in ([], ["best"]):
        code, out, err = said(*command)
        assert (code, err) == (0, "")
        assert "`workbench demo` is the quickest" in out
        assert str(history.path) in out
    assert json.loads(said("--json")[1]) == {"schema": 1, "here": describe_host().fingerprint, "sweeps": []}
    assert said("show", 1)[0] == 2


def test_the_list_has_a_line_for_each_sweep_newest_first(kept, said):
    code, out, err = said()
    assert (code, err) == (0, "")
    header, *lines = out.splitlines()
    assert header.split("  ")[0] == "id"
    assert [int(line.split()[0]) for line in lines] == [5, 4, 3, 2, 1]
    for word in ("2026-01-05 12:00", "straddles", "small", "01234567", LINE, "10×"):
        assert word in lines[0]
    assert len(said("--limit", 2)[1].splitlines()) == 3


def test_a_sweep_that_was_stopped_is_marked(history, said):
    history.add(a_day(1, complete=False))
    assert "3 (stopped)" in said()[1]


def test_settings_and_data_are_shown_where_sweeps_differ_in_them(history, said):
    for day, entries in ((1, 10), (2, 20)):
        history.add(a_day(day, workload__settings={"entries": entries, "seed": 1}))
    history.add(a_day(3, workload__data_hash="e" * 64, workload__settings={"entries": 20, "seed": 1}))
    out = said()[1]
    assert "small entries=10 " in out
    assert "small entries=20 data eeeeeeee" in out
    assert "seed" not in out


def test_show_tells_which_sweep_it_is_and_the_whole_report(kept, said):
    code, out, _ = said("show", 3)
    assert code == 0
    assert out.startswith("sweep 3, 2026-01-03 12:00 UTC: straddles small on Test CPU, 4 usable cores\n")
    assert "Use shared-memory × 4, numpy" in out


def test_a_tuned_config_is_traced_to_its_sweep(kept, tmp_path, capsys):
    path = tmp_path / "tuned.toml"
    save_config(kept.report(3), path)
    assert main(["config", "show", str(path)]) == 0
    digest = samples_hash(kept.report(3))
    assert f"raw samples: sha256 {digest}, kept in the history: workbench history show 3\n" in capsys.readouterr().out
    kept.remove([3])
    assert main(["config", "show", str(path)]) == 0
    assert f"raw samples: sha256 {digest}\n" in capsys.readouterr().out


def test_the_trend_is_a_bar_for_each_sweep_and_marks_changes(kept, said):
    code, out, err = said("trend", "straddles")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("straddles small on Test CPU, 4 usable cores (01234567): steady run of what was rec")
    assert ["slower" in line for line in lines[2:7]] == [False, False, True, False, False]
    assert "49% slower" in lines[4]
    assert "34% faster" in lines[6]
    bars = [line.count("█") for line in lines[2:7]]
    assert bars[0] < bars[2] <= bars[3] == 20


def test_a_trend_says_what_was_disturbed_and_what_had_other_data(kept, said):
    kept.add(a_day(6, times=3, disturbed=True))
    kept.add(a_day(7, workload__data_hash="other"))
    lines = said("trend", "straddles")[1].splitlines()
    assert "disturbed" in lines[7]
    assert "other data" in lines[8]


def test_the_trend_is_drawn_in_ascii_where_nothing_else_can_be(kept):
    done = workbench("history", "trend", "straddles", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "####" in done.stdout
    assert "shared-memory x 4" in done.stdout
    assert done.stdout.isascii()


@pytest.mark.parametrize("text", ["process × 4", "process x 4, python", "process", "python, process  x  4"])
def test_a_plan_is_named_in_the_words_of_the_lists(kept, said, text):
    found = json.loads(said("trend", "straddles", "--plan", text, "--json")[1])
    assert [series["plan"]["mode"] for series in found["series"]] == ["process"]
    assert [point["sweep"] for point in found["series"][0]["points"]] == [1, 2, 3, 4, 5]


def test_a_text_that_means_several_plans_has_a_table_for_each(history, said):
    history.add(a_day(1))
    out = said("trend", "straddles", "--plan", "python")[1]
    assert "steady run of sequential, python" in out
    assert "steady run of process × 4, python" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", 9], "there is no sweep 9; the nearest: 5, 4, 3"),
        (["show", "x"], "'x' is not a valid integer"),
        (["remove", 1, 9], "there is no sweep 9"),
        (["remove"], "Missing argument 'ID...'"),
        (["trend", "stradles"], "unknown workload 'stradles'; did you mean 'straddles'?"),
        (["best", "stradles"], "unknown workload 'stradles'; did you mean 'straddles'?"),
        (["--workload", "stradles"], "unknown workload 'stradles'; did you mean 'straddles'?"),
        (["--host", "9"], "unknown host '9'; known: 0123456789abcdef"),
        (["trend", "straddles", "--plan", "nunpy"], "unknown plan 'nunpy'; did you mean 'numpy'?"),
        (
            ["trend", "straddles", "--plan", "process, numpy"],
            "no plan is all of 'process, numpy'; measured: sequential",
        ),
        (["trend", "straddles", "--plan", ","], "unknown plan ','"),
        (["shw", 1], "unknown command 'shw'; did you mean 'show'?"),
        (["--json", "show", 1], "options go behind the sub-command: workbench history show"),
    ],
)
def test_a_wrong_request_is_one_message_and_exit_code_2(kept, said, arguments, message):
    code, out, err = said(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert len(kept.sweeps()) == 5


def test_a_history_that_is_switched_off_is_one_message(monkeypatch, said):
    monkeypatch.setenv("WORKBENCH_HISTORY", "off")
    code, out, err = said()
    assert (code, out) == (2, "")
    assert "the history is switched off by WORKBENCH_HISTORY=off" in err


def test_best_is_a_line_for_each_workload_and_machine(kept, said):
    kept.add(a_day(6, host=a_host(fingerprint="fedcba9876543210")))
    code, out, _ = said("best")
    assert code == 0
    assert len(out.splitlines()) == 3
    assert "whole job" in out
    found = json.loads(said("best", "straddles", "--host", "0123", "--json")[1])["best"]
    assert [each["sweep"] for each in found] == [5]
    assert found[0]["plan"]["mode"] == WINNER.mode


def test_sweeps_are_removed_and_pruned(kept, said):
    assert said("remove", 1, 3)[1] == "removed 2 sweeps\n"
    assert json.loads(said("remove", 2, "--json")[1]) == {"schema": 1, "removed": [2]}
    assert said("prune", "--keep", 1)[1] == "removed 1 sweep\n"
    assert [sweep.id for sweep in kept.sweeps()] == [5]


@pytest.mark.parametrize("command", [[], ["trend", "straddles"], ["best"], ["show", 1], ["prune", "--keep", 9]])
def test_json_is_exactly_one_document(kept, said, command):
    code, out, err = said(*command, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["schema"] == 1


def test_text_from_outside_is_shown_as_plain_text(history, said):
    nasty = "\x1b[31mred\x07\n[bold]x[/bold]"
    plans = tuple(with_settings(plan, note=nasty) for plan in PLANS[:2])
    history.add(a_day(1, workload__name=nasty, recommendation=None, baseline=plans[0]))
    with closing(sqlite3.connect(history.path)) as db:
        db.execute("UPDATE sweeps SET created = ?, cpu = ?", (nasty, nasty))
        db.commit()
    for command in ([], ["show", 1], ["trend", nasty, "--plan", "numpy"]):
        out = said(*command)[1]
        assert "\x1b" not in out
        assert "\x07" not in out
        assert "[bold]x[/bold]" in out


def test_a_table_gives_way_in_its_widest_column_and_then_in_its_minor_ones(kept, said, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    wide = said()[1]
    assert "shared-memory × 4, numpy,…" in wide
    assert "plans" in wide
    monkeypatch.setenv("COLUMNS", "80")
    narrow = said()[1]
    assert "shared-memory × 4, num…" in narrow
    assert "plans" not in narrow
    assert "01234567" not in narrow


@pytest.mark.parametrize("columns", [80, 100, 120, 300])
@pytest.mark.parametrize("command", [[], ["trend", "straddles"], ["best"]])
def test_tables_fit_the_terminal(kept, said, monkeypatch, command, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    table = [
        line for line in said(*command)[1].splitlines() if line.startswith((" ", "id ", "workload ", "straddles  "))
    ]
    assert len(table) > 1
    assert max(map(len, table)) <= columns
