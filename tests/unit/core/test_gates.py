"""Which gates does a version pass, and what is remembered of that in tags?"""

import unicodedata
from dataclasses import dataclass, replace
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fakes.builders import NOW, A, B, name_of, version
from fakes.proofs import BEACH, STREET, answers, at_least, errs, probed
from rekognition_operator.core.evaluation import Evaluation
from rekognition_operator.core.gates import (
    Rejection,
    Standing,
    Verdict,
    judge,
    proved_tags,
    read_proved,
    read_rejection,
    rejected_tags,
)
from rekognition_operator.core.proof import UNSEEN, Outcome, ProbeResult, Proof
from rekognition_operator.core.world import Gates, ObservedVersion, Promotion

NONE = Gates()
UNREADABLE = Proof(unreadable="its evaluation summary s3://b/k cannot be read: no such key (NoSuchKey)")
UNREACHABLE = Proof(unreadable="its evaluation summary s3://b/k cannot be read: no answer (Timeout)", passing=True)
NO_COMPARISON = Proof(Evaluation(0.9, None, None, None, None))
FEWER_FP = Gates(fewer_false_positives=0.1)
FEWER_FN = Gates(fewer_false_negatives=0.1)
ALL = Gates(0.8, 0.02, 0.1, 0.1, (BEACH,))


@dataclass(frozen=True)
class Judged:
    """Gates, what a version shows, and the verdict: ``gates`` as "<gate> <passed>", ``says`` as a part of it."""

    name: str
    gates: Gates
    f1: float | None
    proof: Proof
    standing: Standing
    results: list[str]
    says: str = ""
    in_service: float | None = None
    """F1 score of the version in service, which has the name of B; None: it has none, where ``serves``."""
    serves: bool = True

    def judge(self) -> Verdict:
        active = version(B, f1_score=self.in_service) if self.serves else None
        return judge(self.gates, version(A, f1_score=self.f1), self.proof, active)


PASSED, REJECTED, UNKNOWN = Standing.PASSED, Standing.REJECTED, Standing.UNKNOWN
BLOCKED, TO_BE_ASKED = Standing.BLOCKED, Standing.TO_BE_ASKED
FP, FN = "minImprovementOverBase.falsePositives", "minImprovementOverBase.falseNegatives"
F1, REGRESSION = "minF1Score", "maxF1Regression"

F1_SCORES = (
    Judged("no gates", NONE, None, UNSEEN, PASSED, []),
    Judged("no gates and a good score", NONE, 0.9, errs(), PASSED, []),
    Judged("a better score", at_least(0.8), 0.9, UNSEEN, PASSED, [f"{F1} True"]),
    Judged("just that score", at_least(0.8), 0.8, UNSEEN, PASSED, [f"{F1} True"]),
    Judged("just that score, kept in 32 bits", at_least(0.7), 0.699999988079071, UNSEEN, PASSED, [f"{F1} True"]),
    Judged(
        "hardly less, which is told with as many digits as it is compared",
        at_least(0.8), 0.799, UNSEEN, REJECTED, [f"{F1} False"], "minF1Score: wanted at least 0.8 - got 0.799",
    ),
    Judged(
        "less in the fifth digit", at_least(0.8), 0.79999, UNSEEN, REJECTED, [f"{F1} False"], "got 0.79999",
    ),
    Judged("the score 0 where 0 is asked", at_least(0), 0.0, UNSEEN, PASSED, [f"{F1} True"]),
    Judged(
        "no score from AWS, and no summary was looked at",
        at_least(0.8), None, UNSEEN, REJECTED, [f"{F1} False"], "got no F1 score from AWS",
    ),
    Judged(
        "no score from AWS, nor in the summary",
        at_least(0.8), None, errs(), REJECTED, [f"{F1} False"], "got no F1 score from AWS",
    ),
    Judged(
        "no score from AWS, and none will be", at_least(0.8), None, UNREADABLE, REJECTED, [f"{F1} False"],
        "got no F1 score from AWS",
    ),
    Judged(
        "no score from AWS, and the summary cannot be read for now: it is not rejected for that",
        at_least(0.8), None, UNREACHABLE, UNKNOWN, [f"{F1} None"], "Timeout",
    ),
    Judged("a score only in the summary", at_least(0.8), None, errs(f1=0.85), PASSED, [f"{F1} True"]),
    Judged(
        "the score of AWS counts before that of the summary", at_least(0.8), 0.9, errs(f1=0.1), PASSED, [f"{F1} True"],
    ),
)  # fmt: skip
REGRESSIONS = (
    Judged("no version in service", at_least(regression=0.02), 0.1, UNSEEN, PASSED, [], serves=False),
    Judged("no score of the version in service", at_least(regression=0.02), 0.1, UNSEEN, PASSED, []),
    Judged(
        "as good as the one in service", at_least(regression=0), 0.87, UNSEEN, PASSED, [f"{REGRESSION} True"],
        in_service=0.87,
    ),
    Judged(
        "better than the one in service", at_least(regression=0.02), 0.95, UNSEEN, PASSED, [f"{REGRESSION} True"],
        in_service=0.87,
    ),
    Judged(
        "just as much worse as is allowed: 0.85 is 0.87 - 0.02, though computers keep less",
        at_least(regression=0.02), 0.85, UNSEEN, PASSED, [f"{REGRESSION} True"], in_service=0.87,
    ),
    Judged(
        "a little more than is allowed",
        at_least(regression=0.02), 0.8499, UNSEEN, REJECTED, [f"{REGRESSION} False"],
        f"wanted at least 0.85: at most 0.02 less than the 0.87 of version {name_of(B)} - got 0.8499", in_service=0.87,
    ),
    Judged(
        "no score to compare", at_least(regression=0.02), None, UNSEEN, REJECTED, [f"{REGRESSION} False"],
        "got no F1 score from AWS", in_service=0.87,
    ),
    Judged(
        "any regression is allowed",
        at_least(regression=1), 0.0, UNSEEN, PASSED, [f"{REGRESSION} True"], in_service=1.0,
    ),
    Judged(
        "both gates on the score are told, the first failure is said",
        at_least(0.8, regression=0.02), 0.7, UNSEEN, REJECTED, [f"{F1} False", f"{REGRESSION} False"],
        "minF1Score", in_service=0.87,
    ),
)  # fmt: skip
IMPROVEMENTS = (
    Judged("fewer than asked", FEWER_FP, None, errs(5), PASSED, [f"{FP} True"]),
    Judged("just as many fewer as asked: 9 after 10", FEWER_FP, None, errs(9), PASSED, [f"{FP} True"]),
    Judged(
        "not enough fewer",
        FEWER_FP, None, errs(10), REJECTED, [f"{FP} False"],
        "than the base model - got 10 where the base model has 10 at threshold 60",
    ),
    Judged("0: as many are allowed", Gates(fewer_false_positives=0), None, errs(10), PASSED, [f"{FP} True"]),
    Judged(
        "0: not one more is",
        Gates(fewer_false_positives=0), None, errs(11), REJECTED, [f"{FP} False"],
        "wanted no more false positives than the base model",
    ),
    Judged(
        "negative: so much more is accepted", Gates(fewer_false_positives=-0.1), None, errs(11), PASSED, [f"{FP} True"],
    ),
    Judged(
        "negative: and no more than that",
        Gates(fewer_false_positives=-0.1), None, errs(12), REJECTED, [f"{FP} False"],
        "wanted at most 10 percent more false positives than the base model",
    ),
    Judged("1: none at all", Gates(fewer_false_positives=1), None, errs(0), PASSED, [f"{FP} True"]),
    Judged("1: one is too many", Gates(fewer_false_positives=1), None, errs(1), REJECTED, [f"{FP} False"]),
    Judged(
        "the base model makes none, and neither does the adapter",
        FEWER_FP, None, errs(0, base=(0, 0)), PASSED, [f"{FP} True"],
    ),
    Judged(
        "the base model makes none, and the adapter does",
        FEWER_FP, None, errs(1, base=(0, 0)), REJECTED, [f"{FP} False"],
    ),
    Judged(
        "negative, and the base model makes none: any is more",
        Gates(fewer_false_positives=-1), None, errs(1, base=(0, 0)), REJECTED, [f"{FP} False"],
    ),
    Judged(
        "a third fewer of 3: 2", Gates(fewer_false_positives=1 / 3), None, errs(2, base=(3, 0)), PASSED, [f"{FP} True"],
    ),
    Judged("false negatives are another gate", FEWER_FN, None, errs(99, 9), PASSED, [f"{FN} True"]),
    Judged("false negatives are too many", FEWER_FN, None, errs(0, 10), REJECTED, [f"{FN} False"], "false negatives"),
    Judged(
        "one of both fails", Gates(fewer_false_positives=0.1, fewer_false_negatives=0.1), None, errs(9, 10),
        REJECTED, [f"{FP} True", f"{FN} False"], FN,
    ),
    Judged(
        "the summary compares with nothing", FEWER_FP, 0.9, NO_COMPARISON, REJECTED, [f"{FP} False"], "none from AWS",
    ),
    Judged(
        "the summary compares with nothing: the gate that is set is named",
        FEWER_FN, 0.9, NO_COMPARISON, REJECTED, [f"{FN} False"],
    ),
    Judged("the summary was not read yet", FEWER_FP, 0.9, UNSEEN, UNKNOWN, [f"{FP} None"], "is being read"),
    Judged("the summary cannot be read for now", FEWER_FP, 0.9, UNREACHABLE, UNKNOWN, [f"{FP} None"], "Timeout"),
    Judged("a person must make the summary readable", FEWER_FP, 0.9, UNREADABLE, BLOCKED, [f"{FP} None"], "NoSuchKey"),
    Judged(
        "another gate fails already: nobody needs the summary",
        Gates(0.8, fewer_false_positives=0.1), 0.7, UNREADABLE, REJECTED, [f"{F1} False", f"{FP} None"], "minF1Score",
    ),
)  # fmt: skip
ASKED = (
    Judged("not asked yet", probed(), 0.9, UNSEEN, TO_BE_ASKED, ["probes None"], "probes are due"),
    Judged(
        "all probes pass",
        probed(BEACH, STREET), None, answers(Outcome.PASSED, Outcome.PASSED), PASSED, ["probes True"],
    ),
    Judged(
        "one fails",
        probed(BEACH, STREET), None, answers(Outcome.PASSED, Outcome.FAILED), REJECTED, ["probes False"],
        "wanted 2 of 2 to pass - got 1 - probe street: wanted no Explicit from 60 percent on - got Explicit",
    ),
    Judged(
        "the base model answers",
        probed(), None, answers(Outcome.BASE_MODEL), REJECTED, ["probes False"],
        "probe beach: the base model answered: the reply has no ProjectVersion",
    ),
    Judged(
        "that the base model answers is the worse news", probed(BEACH, STREET), None,
        answers(Outcome.FAILED, Outcome.BASE_MODEL), REJECTED, ["probes False"], "the base model answered",
    ),
    Judged(
        "a probe cannot be made", probed(), None, answers(Outcome.UNUSABLE), BLOCKED, ["probes None"],
        "Probe beach: s3://acme-ml/probes/beach.jpg: Unable to get object metadata",
    ),
    Judged(
        "a probe cannot be made for now",
        probed(), None, answers(Outcome.UNKNOWN), UNKNOWN, ["probes None"], "Throttling",
    ),
    Judged(
        "a failure counts, whatever the others are", probed(BEACH, STREET), None,
        answers(Outcome.UNUSABLE, Outcome.FAILED), REJECTED, ["probes False"], "probe street",
    ),
    Judged(
        "what a person must mend is said before what passes by itself", probed(BEACH, STREET), None,
        answers(Outcome.UNKNOWN, Outcome.UNUSABLE), BLOCKED, ["probes None"], "Probe street",
    ),
    Judged(
        "a version that fails another gate is not asked",
        replace(probed(), min_f1_score=0.8), 0.7, UNSEEN, REJECTED, [f"{F1} False"], "minF1Score",
    ),
    Judged(
        "a version whose summary is unknown is not asked",
        replace(probed(), fewer_false_positives=0.1), 0.7, UNREACHABLE, UNKNOWN, [f"{FP} None"],
    ),
    Judged(
        "all gates", ALL, 0.86, errs(9, 9, probes=(ProbeResult("beach", Outcome.PASSED),)), PASSED,
        [f"{F1} True", f"{REGRESSION} True", f"{FP} True", f"{FN} True", "probes True"], in_service=0.87,
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.name) for row in (*F1_SCORES, *REGRESSIONS, *IMPROVEMENTS, *ASKED)]
)
def test_a_version_stands_before_the_gates_as_the_table_says(row: Judged) -> None:
    verdict = row.judge()
    assert verdict.standing is row.standing
    assert [f"{result.gate} {result.passed}" for result in verdict.gates] == row.results
    assert row.says in verdict.says
    assert bool(verdict.says) is (row.standing is not Standing.PASSED)


def test_a_version_is_not_compared_with_itself() -> None:
    serves = version(A, f1_score=0.5)
    assert judge(at_least(regression=0.02), serves, UNSEEN, serves) == Verdict(Standing.PASSED)


# --- tags -----------------------------------------------------------------------------------------------------------


def tagged(tags: dict[str, str]) -> ObservedVersion:
    return version(A, tags=tags)


def within_awss_bounds(value: str) -> bool:
    """Tell whether AWS takes it as the value of a tag: letters, separators, numbers and _.:/=+-@ (API, Tag)."""
    return len(value) <= 256 and all(c in "_.:/=+-@ " or unicodedata.category(c)[0] in "LN" for c in value)


@given(st.text(max_size=400))
def test_any_rejection_is_a_tag_that_aws_takes_and_that_is_read_back(says: str) -> None:
    (value,) = rejected_tags(ALL, says, NOW).values()
    assert within_awss_bounds(value)
    rejection = read_rejection(ALL, tagged(rejected_tags(ALL, says, NOW)))
    assert rejection is not None
    assert rejection.at == NOW
    assert tagged(rejected_tags(ALL, rejection.says, NOW)) == tagged(rejected_tags(ALL, says, NOW))


def test_a_rejection_that_a_tag_has_room_for_is_read_back_word_for_word() -> None:
    says = "minF1Score: wanted at least 0.8 - got 0.7"
    assert read_rejection(ALL, tagged(rejected_tags(ALL, says, NOW))) == Rejection(NOW, says)


@pytest.mark.parametrize(
    "row",
    [row for row in (*F1_SCORES, *REGRESSIONS, *IMPROVEMENTS, *ASKED) if row.standing is REJECTED],
    ids=lambda row: row.name,
)
def test_what_is_said_of_a_rejection_does_not_change_once_it_is_only_remembered(row: Judged) -> None:
    says = row.judge().says
    remembered = read_rejection(row.gates, tagged(rejected_tags(row.gates, says, NOW)))
    assert remembered is not None
    assert remembered.says == says


def test_the_tag_proved_is_one_that_aws_takes_and_that_is_read_back() -> None:
    (value,) = proved_tags(ALL, NOW).values()
    assert within_awss_bounds(value)
    assert read_proved(ALL, tagged(proved_tags(ALL, NOW)))


@pytest.mark.parametrize(
    "value", ["", "x", "never", f"{ALL.key}", f"{ALL.key} never", f"{NONE.key} 2026-03-02T09:00:00.000Z"]
)
def test_a_tag_of_other_gates_or_by_others_says_nothing(value: str) -> None:
    carrier = version(A, tags={"rekognition-operator.io/rejected": value, "rekognition-operator.io/proved": value})
    assert read_rejection(ALL, carrier) is None
    assert not read_proved(ALL, carrier)


CHANGED = (
    NONE,
    replace(ALL, min_f1_score=0.81),
    replace(ALL, min_f1_score=None),
    replace(ALL, max_f1_regression=0.03),
    replace(ALL, fewer_false_positives=0.2),
    replace(ALL, fewer_false_negatives=0.2),
    replace(ALL, fewer_false_positives=ALL.fewer_false_negatives, fewer_false_negatives=None),
    replace(ALL, probes=()),
    replace(ALL, probes=(STREET,)),
    replace(ALL, probes=(BEACH, STREET)),
    *(
        replace(ALL, probes=(changed,))
        for changed in (
            replace(BEACH, key="probes/other.jpg"),
            replace(BEACH, bucket="other"),
            replace(BEACH, object_version="3"),
            replace(BEACH, absent=()),
            replace(BEACH, present=("Explicit",), absent=()),
            replace(BEACH, min_confidence=61.0),
        )
    ),
)


def test_other_gates_have_another_key_and_the_same_ones_the_same() -> None:
    keys = [gates.key for gates in (ALL, *CHANGED)]
    assert len(set(keys)) == len(keys)
    assert Gates(0.8, 0.02, 0.1, 0.1, (replace(BEACH),)).key == ALL.key


def test_how_often_versions_are_asked_and_by_whose_word_is_no_matter_of_the_gates() -> None:
    often = Promotion(ALL, manual=True, probe_interval=timedelta(minutes=15))
    assert often.gates.key == Promotion(ALL).gates.key
