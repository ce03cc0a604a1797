"""The numbers of a business: connecting an account, adding and changing numbers, and knowing which are our own."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import Business
from audit.recording import Actor, record
from callcrm.errors import Conflict, Invalid
from callcrm.lib import phones
from leads import intake
from leads.models import Source
from telephony.events import NumberAdded, NumberChanged, ProviderConnected, ProviderSecretChanged
from telephony.flows import simple, versions
from telephony.flows.steps import MOST_TELEPHONES
from telephony.models import NumberRoute, ProviderAccount, TrackingNumber
from telephony.outgoing import telephones

NOTICE = "This call may be recorded."
MOST_NAMED = 5


def ours(business_id: UUID, e164: str | None) -> TrackingNumber | None:
    """Return the business's number that was dialled, or None for one it does not have."""
    if e164 is None:
        return None
    mine = TrackingNumber.objects.filter(business_id=business_id, e164=e164)
    return mine.select_related("published").first()


def is_own(business_id: UUID, e164: str) -> bool:
    """Say whether a number is the business's own: a tracking number, a telephone it forwards to or one of a member.

    A lead who has the number of a member's telephone stays a lead: nobody is lost by what a member typed.
    """
    own = Q(e164=e164) | Q(forward_to__contains=[e164])
    if TrackingNumber.objects.filter(own, business_id=business_id).exists():
        return True
    return telephones.is_one(business_id, e164) and intake.find(business_id, e164) is None


@transaction.atomic
def connect(
    business: Business,
    provider: str,
    account_id: str,
    secret: str,
    *,
    label: str = "",
    by: Actor | None = None,
) -> ProviderAccount:
    """Connect an account, or give a connected one another secret; the one before stays valid until it is forgotten."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{2,64}", account_id) or not 8 <= len(secret) <= 200:
        raise Invalid("The account id or the secret does not look right; a secret has 8 to 200 characters.")
    account = ProviderAccount.objects.filter(
        business=business, provider=provider, account_id=account_id
    ).first()
    if account is None:
        return _connect_new(business, provider, account_id, secret, label, by)
    if account.secret.reveal() != secret:
        account.previous_secret, account.secret, account.refused_at = account.secret.reveal(), secret, None
        _record_secret(account, "changed", by)
    account.label = label or account.label
    account.save()
    return account


def connect_configured(business: Business) -> None:
    """Give the first business of the installation the account that the operator's environment names."""
    account_id, secret = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN
    if account_id and secret and not Business.objects.exclude(pk=business.pk).exists():
        connect(business, "twilio", account_id, secret)


@transaction.atomic
def forget_previous(account: ProviderAccount, *, by: Actor | None) -> None:
    """Stop accepting what is signed with the secret before this one."""
    account.previous_secret = None
    account.save(update_fields=["previous_secret"])
    _record_secret(account, "forgot the previous one of", by)


@transaction.atomic
def add(
    business: Business,
    e164: str,
    *,
    account: ProviderAccount,
    source: Source,
    forward_to: Sequence[str] = (),
    label: str = "",
    notice: str = NOTICE,
    by: Actor | None = None,
) -> TrackingNumber:
    """Add a number, with a first flow: the notice if there is one, the telephones, then a message.

    Without a notice nothing is recorded. Raises what `tracked` and `destinations` raise.
    """
    number = TrackingNumber(
        business=business,
        e164=tracked(e164, business),
        account=account,
        source=source,
        label=label[:80],
    )
    rung = destinations(forward_to, business, but=number.e164)
    _insert(number)
    record(NumberAdded(number_id=number.pk), by=by, business_id=business.pk)
    versions.put(number, simple.flow(rung, notice=notice.strip()), by=by)
    return number


def tracked(typed: str, business: Business) -> str:
    """Return a number that can be added as ours. Raises Invalid for what is no number, Conflict for one that the
    installation has already or that we ring ourselves: a call would come back to us without end."""
    e164 = _e164(typed, business, "e164")
    if NumberRoute.objects.filter(e164=e164).exists():
        raise _taken()
    rung = _why_rung(business.pk, e164)
    if rung:
        raise Conflict(rung, fields={"e164": [rung]})
    return e164


def destinations(typed: Sequence[str], business: Business, *, but: str | None = None) -> list[str]:
    """Return the telephones of a first flow, as they are dialled. Raises Invalid; `but`: the number itself."""
    if len(typed) > MOST_TELEPHONES:
        raise Invalid(fields={"forward_to": [f"A call rings at most {MOST_TELEPHONES} telephones."]})
    found = list(dict.fromkeys(_e164(text, business, "forward_to") for text in typed))
    if but in found or NumberRoute.objects.filter(e164__in=found).exists():
        raise Invalid(
            fields={"forward_to": ["This is a tracking number: a call would come back to us without end."]}
        )
    return found


@transaction.atomic
def change(
    number: TrackingNumber, values: Mapping[str, Any], *, drawn: Mapping[str, Any] | None = None, by: Actor
) -> TrackingNumber:
    """Change source, label or whether it is in service.

    `drawn` is what was shown of the number to who changes it. Raises Conflict for what others have changed since.
    """
    number.refresh_from_db(from_queryset=TrackingNumber.objects.select_for_update(of=("self",)))
    late = {field: words for field, words in _changed_since(number, drawn or {}).items() if field in values}
    if late:
        raise Conflict("Somebody else has changed this number since you opened it.", fields=late)
    changed = [field for field, value in values.items() if getattr(number, field) != value]
    for field in changed:
        setattr(number, field, values[field])
    if changed:
        number.save(update_fields=changed)
        record(NumberChanged(number_id=number.pk, fields=changed), by=by, business_id=number.business_id)
    return number


def shown(number: TrackingNumber) -> dict[str, Any]:
    """Return what can be changed of a number, as people read it."""
    return {"source": number.source.name, "label": number.label, "is_active": number.is_active}


def _changed_since(number: TrackingNumber, drawn: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what to say of each value that is another one by now."""
    now_is = shown(number)
    return {
        field: [
            f"Somebody else has made this “{now_is[field]}” since you opened it. Save again to replace that."
        ]
        for field in drawn
        if now_is[field] != drawn[field]
    }


def _connect_new(
    business: Business, provider: str, account_id: str, secret: str, label: str, by: Actor | None
) -> ProviderAccount:
    account = ProviderAccount(
        business=business, provider=provider, account_id=account_id, label=label[:80], secret=secret
    )
    account.save(force_insert=True)
    record(ProviderConnected(account_id=account.pk, provider=provider), by=by, business_id=business.pk)
    return account


def _record_secret(account: ProviderAccount, act: str, by: Actor | None) -> None:
    event = ProviderSecretChanged(account_id=account.pk, provider=account.provider, act=act)
    record(event, by=by, business_id=account.business_id)


def _insert(number: TrackingNumber) -> None:
    try:
        with transaction.atomic():
            number.save(force_insert=True)
            NumberRoute.objects.create(e164=number.e164, business_id=number.business_id, number=number)
    except IntegrityError:
        raise _taken() from None


def _taken() -> Conflict:
    return Conflict("This number has been added already.", fields={"e164": ["Added already."]})


def _why_rung(business_id: UUID, e164: str) -> str:
    """Say who rings a number and what to do first; nothing where nobody does. Drafts are judged when published."""
    ringing = TrackingNumber.objects.filter(business_id=business_id, forward_to__contains=[e164])
    flows = [number.label or phones.pretty(number.e164) for number in ringing]
    if flows:
        return f"It is rung by the call flow of {_listed(flows)}: take it out there and publish first."
    members = telephones.holders(business_id, e164)
    if members:
        return f"This is the telephone of {_listed(members)}: it must be another one under “Your telephone” first."
    return ""


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    shown = [*names[:MOST_NAMED], f"{more} more"] if more > 0 else names
    return " and ".join(part for part in (", ".join(shown[:-1]), shown[-1]) if part)


def _e164(text: str, business: Business, field: str) -> str:
    try:
        return phones.typed(text, business.region)
    except ValueError as error:
        raise Invalid(fields={field: [str(error)]}) from None
