"""The form of what is done with many calls: what was written in it, and at which field it was refused.

What may be said is known to the verb alone (`bulk.cleaned`); a button says which of the fields it means.
"""

from collections.abc import Mapping
from typing import Any

from django import forms

from accounts.models import Member
from callcrm.errors import Refused
from callcrm.lib.forms import RefusableForm
from telephony.bulk import changes
from telephony.models import BulkChange, Reason

What = BulkChange.What
# What the verb for one call names otherwise.
_NAMED = {"disposition": "outcome", "tags": "tag"}


class BulkForm(RefusableForm):
    """Every field is optional: each button reads its own."""

    what = forms.CharField(required=False)
    outcome = forms.CharField(required=False)
    tag = forms.CharField(required=False)
    reason = forms.CharField(required=False)
    words = forms.CharField(required=False)
    member = forms.CharField(required=False)

    def take(self, refused: Refused) -> None:
        """Show a refusal at the field of this form that it is about."""
        fields = {_NAMED.get(name, name): texts for name, texts in refused.fields.items()}
        super().take(type(refused)(refused.message, fields=fields))

    def is_sound(self, *, by: Member) -> bool:
        """Say whether the verb would take it; where not, the form says why."""
        return self.is_valid() and self.does(lambda: changes.cleaned(*wish(self.data), by, words(self.data)))


def words(sent: Mapping[str, Any]) -> str:
    """Return why callbacks are closed, where that is none of the reasons; what stands there otherwise is not meant."""
    meant = wish(sent) == (What.CLOSE, Reason.OTHER)
    return sent.get("words", "") if meant else ""


def wish(sent: Mapping[str, Any]) -> tuple[str, str]:
    """Return what is to be done. Who presses Enter in a field means that field, if no other one is filled."""
    outcome, tag = sent.get("outcome", "").strip(), sent.get("tag", "").strip()
    what = sent.get("what", "")
    if not what and bool(outcome) != bool(tag):
        what = What.OUTCOME if outcome else What.TAG
    values = {What.OUTCOME: outcome, What.TAG: tag, What.UNTAG: tag}
    values |= {What.CLOSE: sent.get("reason", ""), What.ASSIGN: sent.get("member", "")}
    return what, {str(name): value for name, value in values.items()}.get(what, "")
