"""What the analysis says, in lines."""

from engine.report import Certificate, Interval, Prediction, Scaling
from tests.builders import a_plan
from workbench.words.account import certificate_line, certified_line, factors_line, scaling_line
from workbench.words.numbers import ASCII

PLANS = (a_plan(), a_plan("thread", 2), a_plan("thread", 4), a_plan("process", 2), a_plan("process", 4))


def a_certificate(**changes):
    facts = {"within": 0.021, "wanted": 0.03, "confidence": 0.95, "blocks": 4, "confirmed": True}
    return Certificate(**(facts | changes))


def test_a_certificate_out_of_a_config_reads_the_same():
    certificate = a_certificate(ties=PLANS[1:2])
    line = certificate_line(certificate, PLANS)
    assert certified_line(certificate, ["thread × 2, python"]) == line
    assert "as fast may be: thread × 2, python" in line


def test_a_certificate_says_how_far_at_most_how_surely_and_after_how_much():
    line = certificate_line(a_certificate(), PLANS)
    assert line == "at most 2% slower than any other plan, 95% sure after 4 blocks, the last of them to confirm it"


def test_the_only_plan_left_is_beaten_by_none():
    assert certificate_line(a_certificate(within=0.0, confirmed=False, blocks=1), PLANS) == (
        "no other plan is faster, 95% sure after 1 block"
    )


def test_ties_are_named_and_many_are_counted():
    assert certificate_line(a_certificate(ties=PLANS[1:2]), PLANS).endswith("as fast may be: thread × 2, python")
    assert certificate_line(a_certificate(ties=PLANS), PLANS).endswith(" and 2 more")


def test_a_race_that_found_out_nothing_says_why():
    assert (
        certificate_line(a_certificate(within=None, note="nothing can be said yet"), PLANS) == "nothing can be said yet"
    )


def test_factors_are_a_product_without_what_says_nothing():
    assert factors_line({"dispatch": 0.8, "waiting": 0.999, "compute": 0.75}) == (
        "efficiency 60% = dispatch 0.80 × compute 0.75"
    )
    assert "x" in factors_line({"dispatch": 0.8, "compute": 0.75}, ASCII)
    assert factors_line({}) == ""


def test_a_scaling_law_is_told_with_its_interval_and_its_peak_as_one():
    scaling = Scaling(
        mode="process",
        kernel="python",
        contention=Interval(0.03, 0.02, 0.05),
        peak_workers=(11.6, 18.2),
        predictions=(Prediction(4, Interval(3.5, 3.4, 3.6), measured=True), Prediction(8, Interval(6.2, 5.9, 6.4))),
    )
    line = scaling_line(scaling, PLANS)
    assert line == (
        "scaling of process, python: contention 0.03 (0.02 to 0.05), more than 12 to 18 workers make it slower, "
        "6.20× with 8 workers predicted"
    )


def test_what_cannot_be_said_is_told_as_such():
    scaling = Scaling(mode="thread", kernel="python", note="measure 3 workers as well")
    assert scaling_line(scaling, PLANS) == "scaling of thread, python: measure 3 workers as well"
    assert scaling_line(Scaling(mode="thread", kernel="python"), PLANS) == ""
