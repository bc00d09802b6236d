"""Do the tests that share servers stay together under xdist?"""

import pytest

from scheduling import group_of


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        ("tests/e2e/test_limits.py::test_throttling_is_no_failure", "e2e/adapters"),
        ("tests/e2e/test_model_drift.py::test_a_model", "e2e/models"),
        ("tests/e2e/test_models.py::test_another_model", "e2e/models"),
        ("tests/e2e/test_killed.py::test_killed_anywhere[status/lost::kept]", "e2e/adapters"),
        ("tests/e2e/test_availability.py::test_a_leader_killed", "e2e/availability"),
        ("tests/e2e/test_demo.py::test_the_tour", "e2e/test_demo.py"),
        ("tests/component/emulator/test_tags.py::test_a", "component/emulator"),
        ("tests/component/emulator/test_wire.py::test_b", "component/emulator"),
        ("tests/unit/core/test_total.py::test_c", "unit/core/test_total.py"),
        ("tests/unit/test_layout.py::test_d", "unit/test_layout.py"),
    ],
)
def test_a_group_is_what_shares_its_servers(nodeid: str, group: str) -> None:
    assert group_of(nodeid) == group
