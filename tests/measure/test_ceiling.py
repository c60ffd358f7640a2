from typing import cast

import pytest

from engine.errors import WorkFailed
from engine.measure import ceiling
from engine.measure.ceiling import BUFFER, LARGEST, ROUNDS, Controls, buffer_bytes, largest_cache, measure_ceiling

GB = 1 << 30


def test_both_ceilings_lie_between_nothing_and_twice_the_copies(leftovers):
    found = measure_ceiling(2)
    assert found.workers == 2
    assert 0.3 < found.compute < 4
    assert found.bandwidth is not None
    assert 0.3 < found.bandwidth < 4


def test_streaming_is_left_out_where_it_is_not_wanted(leftovers):
    assert measure_ceiling(1, stream=False).bandwidth is None


def test_streaming_is_left_out_where_memory_is_short(leftovers, monkeypatch):
    monkeypatch.setattr(ceiling, "available_memory", lambda: GB)
    with Controls(3) as controls:
        assert controls.bandwidth(3) is None
        assert controls.speedup(1) > 0


def test_a_copy_that_cannot_have_its_memory_is_no_error(leftovers, monkeypatch):
    monkeypatch.setattr(ceiling, "buffer_bytes", lambda *_: 1 << 60)
    with Controls(1) as controls:
        assert controls.bandwidth(1) is None
        with pytest.raises(WorkFailed, match=r"a control process .* has ended"):
            controls.speedup(1)


class Answers(Controls):
    """Copies that take as long as they are told to."""

    def __init__(self, copies, seconds):
        self.asked = []
        self._seconds = seconds
        super().__init__(0)
        cast(list[None], self._copies).extend([None] * copies)

    def _ask(self, copies, question, amount):
        self.asked.append((copies, question, amount))
        return [self._seconds(copies)] * copies


def test_the_speedup_is_the_sum_of_the_rates_against_one_alone():
    controls = Answers(4, lambda copies: 1.0 if copies == 1 else 2.0)
    assert controls.speedup(4) == 2.0
    assert len(controls.asked) == 2 * ROUNDS


def test_a_round_of_streaming_is_whole_passes_of_about_40_ms():
    controls = Answers(2, lambda copies: 0.009)
    assert controls.bandwidth(2) == pytest.approx(2)
    assert controls.bandwidth(2) == pytest.approx(2)
    assert [question for _, question, _ in controls.asked].count("hold") == 1
    assert controls.asked[-1] == (2, "stream", 4)


@pytest.mark.parametrize(
    ("copies", "available", "cache", "expected"),
    [
        (2, 16 * GB, 32 << 20, BUFFER),
        (2, 16 * GB, 96 << 20, 96 << 20),
        (2, 16 * GB, 504 << 20, LARGEST),
        (8, 4 * GB, 0, BUFFER),
        (9, 4 * GB, 0, None),
    ],
)
def test_buffers_are_larger_than_a_cache_and_fit_into_memory(copies, available, cache, expected):
    assert buffer_bytes(copies, available, cache) == expected


def test_the_largest_cache_is_read_from_the_system(tmp_path):
    assert largest_cache(tmp_path) == 0
    for index, text in enumerate(["32K", "1024K", "96M", "", "big"]):
        folder = tmp_path / f"sys/devices/system/cpu/cpu0/cache/index{index}"
        folder.mkdir(parents=True)
        (folder / "size").write_text(f"{text}\n")
    assert largest_cache(tmp_path) == 96 << 20
