"""Saving, renaming and deleting views of the call list. Each verb writes its event, which names no filter.

A view is filters and nothing else: whoever opens it finds what he may see, as if he had set them himself. What a later
version no longer understands of one is left out and said so; it breaks no page.
"""

from collections.abc import Mapping

from django.db import IntegrityError, transaction

from accounts.models import Business, Member
from audit.recording import record
from callcrm.errors import Conflict, Denied, Invalid, NotFound
from telephony.events import ViewChanged, ViewRemoved, ViewSaved
from telephony.listing import filters
from telephony.models import CallView

MOST, LONGEST_NAME = 20, 40
# Who one person or one call is, is no view; and an id of a person must not outlive him here.
SAVABLE = filters.NAMES - {"lead", "provider_id"}
TAKEN = "There is a view of this name already. Choose another."


@transaction.atomic
def save(name: str, given: Mapping[str, str], *, shared: bool, by: Member) -> CallView:
    """Save filters. Raises Invalid naming what is wrong, Conflict when he has as many as he may have."""
    view = CallView(business_id=by.business_id, member=by, name=_name(name), is_shared=shared)
    view.filters = _filters(given, by.business)
    Member.objects.select_for_update(no_key=True).get(pk=by.pk)  # so that two at once are counted one by one
    mine = CallView.objects.filter(business_id=by.business_id, member=by)
    if mine.count() >= MOST:
        raise Conflict(f"You have {MOST} views. Delete one first.")
    _keep(view, by)
    record(ViewSaved(view_id=view.pk, shared=shared), by=by, business_id=by.business_id)
    return view


@transaction.atomic
def change(view: CallView, name: str, *, shared: bool, by: Member) -> CallView:
    """Rename or share one. Raises Denied for another's, Invalid naming what is wrong."""
    view = _held(view, by)
    names = {"name": _name(name), "is_shared": shared}
    fields = [field for field, value in names.items() if getattr(view, field) != value]
    if "is_shared" in fields and view.member_id != by.pk:
        raise Denied("Only who made a view can take it back.")
    for field in fields:
        setattr(view, field, names[field])
    if fields:
        _keep(view, by)
        record(ViewChanged(view_id=view.pk, fields=fields), by=by, business_id=view.business_id)
    return view


@transaction.atomic
def remove(view: CallView, *, by: Member) -> None:
    """Delete one. Raises Denied for another's."""
    view = _held(view, by)
    CallView.objects.filter(business_id=view.business_id, pk=view.pk).delete()
    record(ViewRemoved(view_id=view.pk), by=by, business_id=view.business_id)


def savable(given: Mapping[str, str]) -> dict[str, str]:
    """Return what of it a view would keep."""
    return {name: value for name, value in given.items() if name in SAVABLE and value}


def understood(view: CallView, business: Business) -> dict[str, str]:
    """Return what can still be asked of its filters."""
    return {name: value for name, value in view.filters.items() if _is_valid(name, value, business)}


def _held(view: CallView, by: Member) -> CallView:
    visible = CallView.objects.visible_to(by).select_for_update()
    found = visible.filter(pk=view.pk).first()
    if found is None:
        raise NotFound
    if not found.may_be_changed_by(by):
        raise Denied("A view is changed by who made it, or by an admin where it is shared.")
    return found


def _keep(view: CallView, by: Member) -> None:
    """Save it, unless somebody who sees it would see two of its name."""
    others = CallView.objects.visible_to(by).exclude(pk=view.pk)
    if any(name.casefold() == view.name.casefold() for name in others.values_list("name", flat=True)):
        raise Invalid(fields={"name": [TAKEN]})
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        raise Invalid(fields={"name": [TAKEN]}) from None


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid(fields={"name": [f"Write a name of at most {LONGEST_NAME} characters."]})
    return name


def _filters(given: Mapping[str, str], business: Business) -> dict[str, str]:
    asked = savable(given)
    if not asked or filters.problems(asked, business):
        raise Invalid("Set the filters on the Calls page first, then save them from there.")
    return asked


def _is_valid(name: str, value: object, business: Business) -> bool:
    return name in SAVABLE and isinstance(value, str) and not filters.problems({name: value}, business)
