"""What the practice provider posts: Twilio's forms, signed the same way with a stronger hash.

A signature of one provider is none of the other's: the hashes differ, and so do the account ids. Imports
no Django.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from telephony.providers import dialect, form, harmless, signing
from telephony.providers.base import Verdict

SCHEME = signing.Scheme(header="x-practice-signature", digest="sha256")
DIALECT = dialect.Dialect(account=re.compile(r"PR[0-9a-fA-F]{32}"))

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


def sign(*, url: str, body: bytes, secret: str) -> str:
    return signing.sign(SCHEME, url=url, body=body, secret=secret)
