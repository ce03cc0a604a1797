"""The live feed tells of recordings to those who may see their calls."""

import pytest
from django.utils.timezone import now

from callcrm.testing import add_call
from recordings.models import Recording
from telephony.live import frames
from telephony.models import FeedFrame

pytestmark = pytest.mark.django_db


def test_a_user_hears_of_recordings_of_calls_that_are_his_or_nobodys(world):
    calls = (
        add_call(world.acme, agent=world.admin),
        add_call(world.acme, agent=world.user),
        add_call(world.acme),
    )
    with world.inside():
        told = [
            frames.Frame.kept(
                FeedFrame(business=world.acme, kind="recording.changed", object_id=recording.pk)
            )
            for recording in (
                Recording.objects.create(business=world.acme, call=call, provider_id="RE1", created_at=now())
                for call in calls
            )
        ]
        assert frames.visible(world.user, told) == told[1:]
        assert frames.visible(world.admin, told) == told
