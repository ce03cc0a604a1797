"""A list that is not of calls comes again for a call of one's own alone, and not for every call of the business."""

import pytest
from playwright.sync_api import Page

from tests.scripts.stage import Stage

pytestmark = pytest.mark.browser
COUNTING = "window.told = 0; document.body.addEventListener('live:calling.changed', () => { told += 1; })"
STOP = '<div id="rows"><div data-calling="mine"><button>Stop</button></div></div>'


@pytest.fixture
def stage(page: Page) -> Stage:
    return Stage(page, "asking")


def test_it_follows_the_call_that_can_be_stopped_there_and_no_other(stage: Stage) -> None:
    stage.open(STOP).do(COUNTING)
    stage.tell("call", "another")
    assert stage.do("told") == 0
    stage.tell("call", "mine")
    assert stage.do("told") == 1


def test_who_was_away_is_told_that_it_may_have_changed(stage: Stage) -> None:
    stage.open(STOP).do(COUNTING)
    stage.do("document.body.dispatchEvent(new CustomEvent('live:call.changed'))")
    assert stage.do("told") == 1


def test_where_nobody_is_called_nothing_comes_again(stage: Stage) -> None:
    stage.open('<div id="rows"></div>').do(COUNTING)
    stage.tell("call", "another")
    stage.do("document.body.dispatchEvent(new CustomEvent('live:call.changed'))")
    assert stage.do("told") == 0


def test_who_asks_again_while_the_last_question_closes_comes_back_to_the_button(stage: Stage) -> None:
    """The place of the question still has its name then, and is another one when the call is over."""
    stage.open('<div id="row"><p id="revealing"><button data-asks data-call>Call</button></p></div>')
    stage.do("document.querySelector('button').click()")
    stage.do("document.querySelector('#row').innerHTML = '<p><button data-call>Call</button></p>'")
    stage.do("document.dispatchEvent(new Event('htmx:finally:swap'))")
    assert stage.do("document.activeElement.matches('#row [data-call]')") is True
