"""The benchmark against the peers: what it says, what it refuses to time, and that it leaves nothing behind."""

import importlib.util
import json
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
MODULES = {"joblib": "joblib", "mpire": "mpire", "pebble": "pebble", "Ray": "ray"}
INSTALLED = {name for name, module in MODULES.items() if importlib.util.find_spec(module)}
INSTALLED |= {"concurrent.futures", "multiprocessing.Pool"}


def run(*arguments):
    words = [sys.executable, "overhead.py", "--quick", "--share", "0.01", *arguments]
    return subprocess.run(words, cwd=FOLDER, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


@pytest.fixture
def arms(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)


def test_every_installed_peer_is_timed_and_every_other_is_named(leftovers, tmp_path):
    done = run("--sections", "dispatch", "--json", "--out", str(tmp_path / "out.json"))
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert json.loads((tmp_path / "out.json").read_text()) == document
    assert {"host", "versions", "workers"} <= document.keys()
    section = document["sections"]["dispatch"]
    assert {"measured", "scale", "disturbance", "seconds"} <= section.keys()
    samples, missing = section["samples"], section["missing"]
    measured = {sample["peer"] for sample in samples}
    assert measured >= INSTALLED
    assert measured | missing.keys() >= MODULES.keys()
    assert not measured & missing.keys()
    assert all(sample["seconds"] > 0 and sample["tasks"] > 0 for sample in samples)
    check_claims(document["claims"])


def test_sections_measured_before_are_kept_if_it_was_on_this_machine(arms, tmp_path):
    import overhead

    from engine.host import describe_host

    path = tmp_path / "out.json"
    document = {"host": {"fingerprint": describe_host().fingerprint}, "sections": {"lookup": {"claims": []}}}
    path.write_text(json.dumps(document))
    assert overhead.kept_from(path) == {"lookup": {"claims": []}}
    path.write_text(json.dumps(document | {"host": {"fingerprint": "another"}}))
    assert overhead.kept_from(path) == overhead.kept_from(tmp_path / "none") == overhead.kept_from(None) == {}


def check_claims(claims):
    """Each has a name and a bar, and none is judged over a part of the tasks."""
    assert claims[0]["name"] == "dispatch + 12 kB result us/task"
    assert len({claim["name"] for claim in claims}) == len(claims) == 3
    for claim in claims:
        assert {"value", "unit", "bar", "note"} <= claim.keys()
        assert claim["direction"] in ("at least", "at most")
        assert claim["holds"] is None


def test_an_unknown_section_is_named():
    done = run("--sections", "dispatch,typo")
    assert done.returncode == 2
    assert "unknown section 'typo'" in done.stderr


@pytest.fixture
def with_arm(arms, monkeypatch):
    """Make a session that runs five tasks in an arm of the test's own."""
    from overhead_arms import session
    from overhead_arms.peers import Arm, Peer
    from overhead_arms.work import echo

    def make(results):
        arm = Arm("this", lambda pool, function, tasks, tables: results)
        monkeypatch.setattr(session._Session, "peer", Peer("a peer", "math", "", nullcontext, (arm,)), raising=False)
        monkeypatch.setattr(session._Session, "pool", None, raising=False)
        session.hold(session.sequential("int", echo, range(5)))
        return session

    return make


def test_an_arm_with_a_wrong_result_is_refused(with_arm):
    with pytest.raises(ValueError, match="result 3 is not the sequential one"):
        with_arm([0, 1, 2, 4, 3]).compare("this", "int")


def test_an_arm_with_a_result_less_is_refused(with_arm):
    with pytest.raises(ValueError, match="argument 2 is longer"):
        with_arm([0, 1, 2, 3]).compare("this", "int")


def test_too_few_results_are_not_a_time(with_arm):
    with pytest.raises(ValueError, match="4 results for 5 tasks"):
        with_arm([0, 1, 2, 3]).clock("this", "int")


def test_the_ceiling_adds_the_rates_of_the_copies(arms):
    from overhead_arms.ceiling import Copies, open_copies
    from overhead_arms.work import echo

    with open_copies(2) as copies:
        copies.prepare(echo, range(7))
        copies.run()
        assert copies.results() == list(range(7))
        assert copies.seconds() > 0
    copies = Copies.__new__(Copies)
    copies._spent = [(10, 1.0), (10, 2.0)]
    assert copies.seconds() == pytest.approx(20 / 15)


def test_a_claim_is_judged_on_the_median(arms):
    from overhead_arms.report import claim

    judged = claim("a figure", [1.0, 9.0, 2.0], "ms", 2.0, "at most")
    assert (judged.value, judged.low, judged.high, judged.holds) == (2.0, 1.0, 9.0, True)
    assert claim("a figure", [1.0], "ms", 2.0, "at least").holds is False
    assert claim("a figure", [], "ms", 2.0, "at least").value is None
    assert claim("a figure", [1.0], "ms", 2.0, "at least", "reduced size").holds is None


def test_ratios_are_paired_by_round_and_are_one_per_block(arms):
    from overhead_arms.interleave import Lane, Measured, Sample
    from overhead_arms.peers import PEERS
    from overhead_arms.session import Job
    from overhead_arms.work import echo

    job = Job("int", echo, range(10), [], tables=False)
    mine, theirs = (Lane(peer, peer.arms[0], job) for peer in PEERS[:2])
    places = [(block, number) for block in range(2) for number in range(3)]
    measured = Measured([Sample(*mine.key, *place, 10, 1.0 + place[0]) for place in places])
    measured.samples += [Sample(*theirs.key, *place, 10, 2.0 + 2 * place[0]) for place in places]
    assert measured.ratio(theirs, mine) == [2.0, 2.0]
    assert measured.per_task(mine) == [0.1, 0.2]
