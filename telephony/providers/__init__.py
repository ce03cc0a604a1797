"""The telephony providers callcrm can talk to.

A provider is a folder, and folders are alike: `webhook.py` (is it theirs, what does it say) and `answers.py`
(what a waiting call is told), both pure, and `client.py` (what we ask of it). Nothing in them imports Django: other
programs use `verify` too.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from telephony.providers.base import Provider
from telephony.providers.practice import answers as practice_answers
from telephony.providers.practice import client as practice_client
from telephony.providers.practice import webhook as practice_webhook
from telephony.providers.twilio import answers as twilio_answers
from telephony.providers.twilio import client as twilio_client
from telephony.providers.twilio import webhook as twilio_webhook

PROVIDERS: Final[Mapping[str, Provider]] = MappingProxyType(
    {
        "twilio": Provider(
            name="twilio",
            routes=twilio_webhook.ROUTES,
            content_type=twilio_answers.CONTENT_TYPE,
            webhook=twilio_webhook,
            answers=twilio_answers,
            client=twilio_client,
        ),
        "practice": Provider(
            name="practice",
            routes=practice_webhook.ROUTES,
            content_type=practice_answers.CONTENT_TYPE,
            webhook=practice_webhook,
            answers=practice_answers,
            client=practice_client,
        ),
    }
)
