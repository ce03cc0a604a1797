"""The forms of retention: how long, why not, and what for. They read what was typed; the rules stay in the verbs."""

from django import forms

from callcrm.lib.forms import RefusableForm
from recordings.models import LONGEST_KEPT, Recording

FOREVER = "Days, 1 to 3,650. Empty: kept until somebody deletes them."


def _days(label: str) -> forms.IntegerField:
    wrong = dict.fromkeys(("invalid", "min_value", "max_value"), "Write 1 to 3,650 days, or nothing.")
    return forms.IntegerField(
        required=False,
        min_value=1,
        max_value=LONGEST_KEPT,
        label=label,
        help_text=FOREVER,
        error_messages=wrong,
    )


class RulesForm(RefusableForm):
    """Days for each kind of recording."""

    call = _days("Recorded calls")
    voicemail = _days("Voicemail messages")


class HoldForm(forms.Form):
    """Why a recording must stay."""

    reason = forms.ChoiceField(choices=Recording.HoldReason.choices)
