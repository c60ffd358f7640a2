import pytest

from engine.measure.noise import judge, typical_noise
from engine.measure.noise.judging import ALONGSIDE, SLACK, room_for_others
from engine.report import Noise


def reasons(noise, workers=2, cores=2, typical=None):
    return judge(noise, workers, cores, typical).reasons


def test_a_quiet_machine_gives_no_reason_and_keeps_the_figures():
    noise = Noise(others=0.05, stolen=0.01, throttled=0.01, pressure=0.9, switches=5000.0, megahertz=800.0)
    assert judge(noise, 2, 2) == noise


@pytest.mark.parametrize(
    ("workers", "cores", "room"),
    [
        (2, 2, 2 * SLACK),
        (5, 2, 2 * SLACK),
        (1, 2, ALONGSIDE),
        (1, 1, SLACK),
        (1, 4, 3 * ALONGSIDE),
        (3, 4, ALONGSIDE),
        (8, 64, 56 * ALONGSIDE),
    ],
)
def test_others_matter_as_far_as_they_are_in_the_way(workers, cores, room):
    assert room_for_others(workers, cores) == pytest.approx(room)
    assert not reasons(Noise(others=room - 0.001), workers, cores)
    assert reasons(Noise(others=room + 0.001), workers, cores)


def test_every_reason_is_said_with_its_figure():
    noise = Noise(others=0.94, stolen=0.121, throttled=0.08)
    assert reasons(noise) == (
        "other processes kept 0.94 cores busy",
        "the hypervisor took 12% of the CPU time it wanted",
        "a CPU quota held it back 8% of the time",
    )


def test_steal_is_a_part_of_what_was_wanted():
    stolen = Noise(stolen=0.03)
    assert not reasons(stolen, workers=2)
    assert reasons(stolen, workers=1) == ("the hypervisor took 6% of the CPU time it wanted",)


def test_steal_and_quotas_that_are_always_there_belong_to_the_place():
    place = Noise(stolen=0.2, throttled=0.4, others=0.9)
    assert reasons(place, typical=place) == ("other processes kept 0.9 cores busy",)
    worse = Noise(stolen=0.3, throttled=0.5)
    assert len(reasons(worse, typical=place)) == 2


def test_what_says_something_only_against_the_usual():
    usual = Noise(pressure=0.1, switches=50.0, megahertz=3000.0)
    assert not reasons(usual, typical=usual)
    assert not reasons(Noise(), typical=usual)
    assert reasons(Noise(pressure=0.6, switches=500.0, megahertz=2000.0), typical=usual) == (
        "processes waited for a core 60% of the time, usually 10%",
        "it was interrupted 500 times a second, usually 50",
        "the cores ran at 2000 MHz, usually 3000",
    )


def test_typical_is_the_median_of_what_is_known():
    noises = [Noise(others=others, megahertz=clock) for others, clock in [(0.1, None), (0.2, 3000.0), (0.9, 2000.0)]]
    assert typical_noise(noises) == Noise(others=0.2, megahertz=2500.0)
    assert typical_noise([]) is None
