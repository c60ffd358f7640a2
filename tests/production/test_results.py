"""Files of results: what a row of each task holds, and what happens to what a file cannot hold."""

import pickle
from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq
import pytest

from engine.errors import WorkFailed
from engine.production.results import write_results

Cross = namedtuple("Cross", ["fast", "slow"])


@dataclass
class Window:
    first: int
    asset: str


class Odd:
    def __repr__(self):
        return "<odd>"


@pytest.mark.parametrize(
    ("tasks", "parameters"),
    [
        (np.array([3, 5]), [3, 5]),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (range(2), [0, 1]),
        (["a", "b"], ["a", "b"]),
        ([(1, 2.5), (3, 4)], [[1.0, 2.5], [3.0, 4.0]]),
        ([{"fast": 1}, {"fast": 2}], [{"fast": 1}, {"fast": 2}]),
        ([Cross(1, 2), Cross(3, 4)], [{"fast": 1, "slow": 2}, {"fast": 3, "slow": 4}]),
        ((Window(1, "x"), Window(2, "y")), [{"first": 1, "asset": "x"}, {"first": 2, "asset": "y"}]),
        ([("a", 1), ("b", 2)], ["('a', 1)", "('b', 2)"]),
        ([Odd(), 1], ["<odd>", "1"]),
        ([1 << 80, 1], [str(1 << 80), "1"]),
        ([], []),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_row_has_position_parameters_and_result(tasks, parameters, tmp_path):
    results = np.linspace(0, 1, len(tasks) * 2).reshape(len(tasks), 2)
    write_results(results, tasks, tmp_path / "r.parquet")
    table = pq.read_table(tmp_path / "r.parquet")
    assert table.column_names == ["task", "parameters", "result"]
    assert table["task"].to_pylist() == list(range(len(tasks)))
    assert table["parameters"].to_pylist() == parameters
    assert table["result"].to_pylist() == results.tolist()


def test_npy_has_the_results_alone(tmp_path):
    write_results([1.5, 2.5], ["a", "b"], tmp_path / "r.npy")
    assert np.load(tmp_path / "r.npy").tolist() == [1.5, 2.5]


@pytest.mark.parametrize("name", ["r.parquet", "r.npy"])
def test_what_a_file_cannot_hold_is_kept_beside_it(name, tmp_path):
    results = [Window(1, "x"), Window(2, "y")]
    with pytest.raises(WorkFailed, match=r"cannot hold these results .* they are kept in .*r\.pickle"):
        write_results(results, [1, 2], tmp_path / name)
    assert pickle.loads((tmp_path / "r.pickle").read_bytes()) == results
    assert not (tmp_path / name).exists()
