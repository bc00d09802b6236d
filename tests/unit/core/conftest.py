"""How do failed rows of the table explain themselves? By pytest's rewriting of the asserts in their module."""

import pytest

pytest.register_assert_rewrite("unit.core.table")
