"""What Twilio posts: is it Twilio's, and what does it say?

The signature is over the address and the sorted form, keyed by the account's Auth Token; Twilio sends no
time with it, so a delivery that comes twice is told by its `dedupe_key` alone. Twilio signs with the old
token until the new one is promoted: give all that are valid. Imports no Django.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from telephony.providers import dialect, form, harmless, signing
from telephony.providers.base import Verdict

SCHEME = signing.Scheme(header="x-twilio-signature", digest="sha1")
DIALECT = dialect.Dialect(account=re.compile(r"AC[0-9a-fA-F]{32}"))

ROUTES = dialect.ROUTES
read = form.read
account_id = DIALECT.account_id
our_number = dialect.our_number
call_id = dialect.call_id
key = dialect.key
shown = harmless.shown
dedupe_key = DIALECT.dedupe_key
parse = DIALECT.parse


def verify(
    *,
    url: str,
    method: str,
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[str],
    now: datetime | None = None,
) -> Verdict:
    return signing.verify(SCHEME, url=url, method=method, headers=headers, body=body, secrets=secrets)
