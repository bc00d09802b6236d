"""Every reason is explained once, for the troubleshooting page."""

from rekognition_operator.api.conditions import CONDITIONS, REASONS, ConditionType, Reason


def test_every_reason_and_condition_is_explained_exactly_once() -> None:
    assert sorted(spec.name for spec in REASONS) == sorted(Reason)
    assert sorted(spec.type for spec in CONDITIONS) == sorted(ConditionType)


def test_what_stalls_says_what_to_do() -> None:
    assert all(spec.remedy != "-" for spec in REASONS if spec.condition is ConditionType.STALLED)
