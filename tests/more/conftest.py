"""All of this folder takes long: `make verify-more` alone plays it."""

import pytest

from tests.running import mark_all


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test here its marker."""
    mark_all(items, __file__, pytest.mark.more)
