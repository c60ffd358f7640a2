import pytest

from engine.errors import RequestError, UnknownName
from engine.host import usable_cores
from engine.plan import Plan, describe
from engine.request import SweepRequest
from engine.tune.blocks import copies_of_libraries, groups_of, order_groups, order_plans
from engine.tune.space import auto_workers, expand


def plans_of(workload="fixed_cost", settings=None, **axes):
    request = SweepRequest(workload=workload, axes=axes, settings=settings or {})
    return expand(request).plans


def test_the_baseline_is_sequential_and_naive_and_comes_first():
    assert plans_of(mode=("thread",), workers=(2,), kernel=("numpy",))[0] == Plan(
        mode="sequential", kernel="python", settings=plans_of()[0].settings
    )


def test_every_kernel_gets_its_sequential_reference():
    plans = plans_of(mode=("thread",), workers=(2,), kernel=("numpy",))
    assert [(plan.mode, plan.kernel) for plan in plans] == [
        ("sequential", "python"),
        ("sequential", "numpy"),
        ("thread", "numpy"),
    ]


def test_plans_that_differ_only_in_ignored_knobs_are_one():
    plans = plans_of(mode=("sequential",), kernel=("python",), workers=(2, 4), start_method=("fork", "spawn"))
    assert [plan.mode for plan in plans] == ["sequential"]


def test_device_kernels_run_in_gpu_batch_and_nowhere_else():
    for plan in plans_of():
        assert (plan.kernel == "torch") == (plan.mode == "gpu-batch")


def test_a_kernel_is_paired_only_with_settings_it_can_use():
    plans = plans_of("straddles", {"layout": ("dict", "columns")}, mode=("sequential",))
    assert {(plan.kernel, plan.settings["layout"]) for plan in plans} == {
        ("python", "dict"),
        ("python", "columns"),
        ("numpy", "columns"),
        ("numba", "columns"),
    }


def test_axes_multiply():
    plans = plans_of(
        mode=("process",), kernel=("python",), workers=(1, 2), chunk_size=(1, "auto"), start_method=("fork", "spawn")
    )
    assert len([plan for plan in plans if plan.mode == "process"]) == 8


def test_auto_workers_end_at_the_usable_cores():
    assert max(auto_workers()) == usable_cores()
    assert {plan.workers for plan in plans_of(mode=("thread",), workers=("auto",))} == {1, *auto_workers()}


@pytest.mark.parametrize(
    ("axes", "settings", "message"),
    [
        ({"mode": ("proces",)}, {}, "unknown mode 'proces'; did you mean 'process'"),
        ({"kernel": ("nunpy",)}, {}, "unknown kernel 'nunpy'; did you mean 'numpy'"),
        ({"workers": (0,)}, {}, "at least 1, got 0"),
        ({"workers": (-3,)}, {}, "at least 1, got -3"),
        ({"chunk_size": (0,)}, {}, "at least 1, got 0"),
        ({"start_method": ("forks",)}, {}, "did you mean 'fork'"),
        ({}, {"wrok": (1,)}, "unknown knob 'wrok'; did you mean 'work'"),
        ({}, {"work": (1, 2)}, "--set work: it changes the answers, which a sweep compares; give one value"),
        ({}, {"work": ("x",)}, "expected a whole number, got 'x'"),
        ({"mode": ("gpu-batch",), "kernel": ("numpy",)}, {}, "no plan is possible"),
    ],
)
def test_a_wrong_request_is_refused_before_anything_runs(axes, settings, message):
    with pytest.raises(RequestError, match=message):
        plans_of(settings=settings, **axes)


def test_an_unknown_size_is_answered_with_the_known_ones():
    with pytest.raises(UnknownName, match="unknown size 'tiny'"):
        expand(SweepRequest(workload="fixed_cost", size="tiny"))


PLANS = plans_of(mode=("sequential", "thread", "process"), workers=(2, 3))
GROUP = tuple(range(len(PLANS)))


def test_the_first_block_begins_with_the_references():
    order = order_plans(PLANS, GROUP, 0)
    assert order[0] == 0
    sequential = [index for index in GROUP if PLANS[index].mode == "sequential"]
    assert set(order[: len(sequential)]) == set(sequential)


@pytest.mark.parametrize("block", range(0, 8, 2))
def test_each_odd_block_mirrors_the_even_one_before(block):
    assert order_plans(PLANS, GROUP, block + 1) == order_plans(PLANS, GROUP, block)[::-1]
    assert order_groups([(1,), (2,)], block + 1) == order_groups([(1,), (2,)], block)[::-1]


def test_later_blocks_are_shuffled():
    assert len({tuple(order_plans(PLANS, GROUP, block)) for block in range(2, 12, 2)}) > 1


def test_plans_that_need_different_environments_do_not_share_a_process():
    both = {"layout": ("dict", "columns")}
    plans = plans_of("straddles", both, threads_per_worker=(1, 2), mode=("sequential", "gpu-batch"))
    for group in groups_of(plans, list(range(len(plans)))):
        assert (
            len({(plans[i].settings["layout"], plans[i].threads_per_worker, plans[i].kernel == "torch") for i in group})
            == 1
        )


def test_a_plan_is_described_by_what_sets_it_apart():
    both = {"layout": ("dict", "columns")}
    plans = plans_of("straddles", both, mode=("sequential", "process"), kernel=("python",), workers=(2,))
    assert describe(plans[-1], plans) == "process × 2, python, layout=columns"
    assert "seed=" in describe(plans[-1])


def test_a_plan_that_copies_a_process_with_torch_is_measured_in_one_of_its_own():
    def alone(method, *modes):
        axes = {"mode": ("sequential", *modes), "workers": (2,), "start_method": (method,)}
        space = expand(SweepRequest(workload="symbols", axes=axes))
        return space, set(copies_of_libraries(space))

    space, found = alone("fork", "thread", "process", "shared-memory")
    forked = {i for i, plan in enumerate(space.plans) if plan.mode in ("process", "shared-memory")}
    assert found == {i for i in forked if space.plans[i].kernel == "torch-cpu"} != set()
    groups = groups_of(space.plans, range(len(space.plans)), found)
    assert all((index,) in groups for index in found)
    assert 0 in groups[0]
    assert sorted(index for group in groups for index in group) == list(range(len(space.plans)))
    assert alone("forkserver", "process")[1] == set()
