"""Frames are kept for a day, and only what was really lost is forgotten with them."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from callcrm.testing import add_call
from telephony import feed, tasks
from telephony.live import streams
from telephony.models import FeedFrame, LiveStream

pytestmark = pytest.mark.django_db


def test_frames_of_yesterday_are_forgotten_in_every_business(world):
    for business in (world.acme, world.rival):
        with world.inside(business):
            for hours in (23, 25):
                feed.tell(business.pk, "call.changed", add_call(business).pk, str(hours))
                FeedFrame.objects.filter(state=str(hours)).update(at=now() - timedelta(hours=hours))
    tasks.trim_feed(timestamp=0)
    for business in (world.acme, world.rival):
        with world.inside(business):
            assert list(FeedFrame.objects.values_list("state", flat=True)) == ["23"]


def test_streams_of_killed_processes_are_forgotten(world):
    with world.inside():
        left = streams.admit(world.user, LiveStream.Kind.SSE, "")
        kept = streams.admit(world.user, LiveStream.Kind.SSE, "")
        LiveStream.objects.filter(pk=left.stream_id).update(seen_at=now() - timedelta(minutes=11))
    tasks.trim_feed(timestamp=0)
    with world.inside():
        assert [stream.pk for stream in LiveStream.objects.all()] == [kept.stream_id]
