"""How fast the screen answers: the arithmetic, and the real thing once."""

from workbench.lag import Lag, lag_lines, measure_lag
from workbench.words.numbers import ASCII


def test_the_figures_come_with_a_histogram_and_a_verdict():
    lag = Lag(first_paint=0.5, keys=(0.004,) * 99 + (0.3,), bytes_per_second=1500.0, columns=80, rows=24)
    lines = lag_lines(lag, 80)
    assert "99 of 100 within" in lines[1]
    assert [line.split()[-1] for line in lines if line.strip().startswith(("up to", "over"))] == ["99", "1"]
    assert "1.50 kB a second" in lines[2]
    assert all(line.isascii() for line in lag_lines(lag, 80, ASCII))


def test_keys_pressed_over_a_busy_sweep_are_answered(leftovers):
    lag = measure_lag(keys=5, watched=0.5)
    assert len(lag.keys) == 5
    assert lag.first_paint > 0
    assert lag.percentile(50) > 0
