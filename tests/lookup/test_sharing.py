"""A LookupTable answers alike in every process, and is not copied."""

import math
import os
import pickle
import subprocess
import sys
import tracemalloc
from datetime import date

import pytest

from engine.lookup import LookupTable
from engine.pool.arena import pack
from tests.lookup.answers import assert_answers_like

KINDS = {"a": 1.0, "é|\ud800": -0.0, "x" * 300: math.inf, ("a", 1, date(2020, 1, 3)): 2.0, ("b", "c"): 3.0}


def test_a_packed_table_is_shared_and_not_copied():
    expected = KINDS | {f"key {number}": float(number) for number in range(5000)}
    arena = pack(LookupTable(expected))
    table = arena.unpack()
    assert arena.copied_bytes < 1000
    assert_answers_like(table, expected, ["b", "x" * 299])
    assert not any(array.flags.owndata or array.flags.writeable for array in table._parts.arrays)
    assert pickle.dumps(table) == pickle.dumps(LookupTable(expected))
    arena.file.close()


def test_an_empty_table_can_be_packed():
    arena = pack(LookupTable({}))
    assert arena.unpack() == {}
    arena.file.close()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_pickle_protocol_keeps_a_table(protocol):
    assert_answers_like(pickle.loads(pickle.dumps(LookupTable(KINDS), protocol)), KINDS, ["b"])


def test_a_process_with_another_hash_seed_finds_the_same_keys(tmp_path):
    (tmp_path / "table").write_bytes(pickle.dumps((LookupTable(KINDS), KINDS)))
    code = (
        "import pickle, sys; table, known = pickle.load(open(sys.argv[1], 'rb'));"
        "print(hash('a'), all(table[key] == known[key] for key in known), list(table.get_many(known)))"
    )
    answers = []
    for seed in ("1", "2"):
        command = [sys.executable, "-c", code, str(tmp_path / "table")]
        done = subprocess.run(
            command, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        answers.append(done.stdout.strip().split(" ", 1))
    assert answers[0][0] != answers[1][0]
    assert answers[0][1] == answers[1][1] == f"True {list(LookupTable(KINDS).get_many(KINDS))}"


def test_building_takes_less_than_three_times_the_memory_of_the_arrays():
    prices = {f"TICKER{number // 100:04d}|close|{number % 100:010d}": str(number / 100) for number in range(60_000)}
    tracemalloc.start()
    try:
        table = LookupTable(prices)
        assert tracemalloc.get_traced_memory()[1] < 3 * table.nbytes
    finally:
        tracemalloc.stop()
    assert table.nbytes / len(table) < 64
