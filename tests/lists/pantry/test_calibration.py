"""The pantry's error, measured where the truth is known. `calibration.py` prints more figures."""

from statistics import fmean

from tests.lists.pantry.calibration import FIRST_DAY, PURCHASES, answers, bins_of, brier_score, calibration_error
from tests.lists.pantry.household import make_up_household


def test_probabilities_are_near_the_truth_on_ten_thousand_purchases() -> None:
    household = make_up_household(17, FIRST_DAY, PURCHASES)
    assert len(household.purchases) >= PURCHASES
    found = list(answers(household, seed=17, number=3_000))
    usually = fmean(each.is_there for each in found)
    assert 0.7 < usually < 0.95, "a household that always or never has everything would be easy"
    assert brier_score(found) < 0.12
    assert brier_score(found) < 0.85 * usually * (1 - usually)
    assert calibration_error(found) < 0.07


def test_the_surest_answers_are_right() -> None:
    household = make_up_household(18, FIRST_DAY, PURCHASES)
    bins = bins_of(list(answers(household, seed=18, number=3_000)))
    assert bins[-1].true > 0.9
    assert bins[0].true < 0.25
