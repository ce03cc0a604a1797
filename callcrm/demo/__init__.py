"""The demo: three months of an invented roofer's calls, so that a first look finds something to look at.

Development only, and only while no business exists. The same calls, people and texts each time, up to now: only
ids, keys and passwords are chance. Rows are written in bulk, backdated, without the verbs that would date them
today; what they say is what the verbs would have left. Every person is invented; 555-0100 to 555-0199 ring
nowhere, and mail to `.example` goes nowhere.

`setting` makes the business, `answering` its call flows, `traffic` says when it rings, `calls` what became of it,
`pausing` where a card number was said, `fates` who called, `texts` what was written, `owed` who was owed a call back,
`mishaps` which recordings went wrong; all of it gathers in a `Scene`, which is then written at once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

from accounts.models import Business, Member
from accounts.permissions import Role
from callcrm.demo import answering, calls, fates, mishaps, owed, pausing, setting, texts, traffic
from callcrm.demo.scene import Scene
from callcrm.lib.tenancy import business_scope
from telephony.models import TrackingNumber

SEED = 555_0100


def make(passwords: Mapping[str, str], now: datetime) -> Scene:
    """Make and write the demo; needs a transaction. `passwords`: by role."""
    business, members = setting.business(passwords, now)
    with business_scope(business.pk):
        setting.telephones(members)
        setting.rules(business)
        numbers = setting.numbers(business, now)
        for number in numbers:
            answering.publish(number, at=number.created_at + timedelta(minutes=1), by=members[Role.OWNER])
        scene = gather(business, members, numbers, now)
        scene.save()
    return scene


def gather(
    business: Business, members: Mapping[str, Member], numbers: Sequence[TrackingNumber], now: datetime
) -> Scene:
    """Return everything that happens in the business, unwritten."""
    rng = Random(SEED)  # noqa: S311  # chance that is the same each time is what is wanted
    scene = Scene(business, members, numbers, rng, now)
    setting.tell(scene)
    calls.ring(scene, traffic.moments(rng, business.tz, now))
    pausing.pause(scene)
    fates.decide(scene)
    texts.write(scene)
    owed.settle(scene)
    mishaps.happen(scene)
    return scene
