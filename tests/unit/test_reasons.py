"""Every reason is explained once, for the troubleshooting page."""

from rekognition_operator.api.conditions import CONDITIONS, REASONS, ConditionType, Reason


def test_every_reason_and_condition_is_explained_exactly_once() -> None:
    assert sorted(spec.name for spec in REASONS) == sorted(Reason)
    assert sorted(spec.type for spec in CONDITIONS) == sorted(ConditionType)


def test_what_stalls_says_what_to_do() -> None:
    assert all(spec.remedy != "-" for spec in REASONS if spec.condition is ConditionType.STALLED)


def test_a_reason_belongs_to_no_kind_that_does_not_show_its_condition() -> None:
    kinds = {spec.type: set(spec.kinds) for spec in CONDITIONS}
    assert [spec.name for spec in REASONS if not set(spec.kinds) <= kinds[spec.condition]] == []


def test_what_waits_for_a_person_or_for_hours_says_what_to_do() -> None:
    readable = {ConditionType.NO_ROOM_FOR_BLUE_GREEN, ConditionType.IDLE_UNKNOWN}
    assert all(spec.remedy != "-" for spec in REASONS if spec.condition in readable)
