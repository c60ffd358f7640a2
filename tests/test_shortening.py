import pytest

from engine.shortening import Shortening


def cut(tasks, seconds_of):
    """Chunk sizes and the seconds of all, where a chunk takes ``seconds_of(size, number)``."""
    pieces, sizes, total = Shortening(tasks), list[int](), 0.0
    for number, chunk in enumerate(pieces):
        assert chunk.start == sum(sizes)
        sizes.append(chunk.stop - chunk.start)
        pieces.seconds = seconds_of(sizes[-1], number)
        total += pieces.seconds
    assert sum(sizes) == tasks
    return sizes, total


@pytest.mark.parametrize("tasks", [1, 2, 3, 5, 255, 256, 257, 10_000])
def test_every_task_is_in_one_chunk(tasks):
    cut(tasks, lambda size, number: size * 0.01)


def test_chunks_of_plain_tasks_take_a_quarter_of_a_second():
    sizes, _ = cut(100_000, lambda size, number: size * 0.001)
    assert {round(size, -1) for size in sizes[4:-1]} == {250}


def test_long_tasks_are_told_one_by_one():
    sizes, _ = cut(100, lambda size, number: size * 60.0)
    assert set(sizes[4:]) == {1}


def test_imports_in_the_first_chunk_do_not_count():
    sizes, _ = cut(100_000, lambda size, number: size * 0.001 + (5.0 if number == 0 else 0.0))
    assert max(sizes[4:]) <= 250


def test_a_kernel_with_costs_of_its_own_gets_few_chunks():
    alone = 1.0 + 10_000 * 0.001
    sizes, total = cut(10_000, lambda size, number: 1.0 + size * 0.001)
    assert len(sizes) == 5
    assert total < alone + 4 * 1.0 + 0.01


def test_tasks_that_become_slower_do_not_make_a_chunk_of_all_that_is_left():
    sizes, _ = cut(10_000, lambda size, number: size * 0.001 * (1 + number))
    assert max(sizes) <= 250
