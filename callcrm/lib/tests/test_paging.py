"""Cursors that are none are refused by name, whatever they hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcrm.errors import Invalid
from callcrm.lib import paging


@given(st.text())
def test_a_cursor_that_is_none_is_refused_and_named(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        paging._read(cursor, timed=True)
    assert "cursor" in refused.value.fields
