"""The forms of retention: how long, why not, and what for. They read what was typed; the rules stay in the verbs."""

from django import forms

from callcrm.errors import Conflict, Refused
from callcrm.lib.forms import RefusableForm
from recordings.models import LONGEST_KEPT, Recording

# What somebody deletes one by, and what he is asked before it goes.
QUESTIONS = {
    "card_data": "Does this recording contain card data?",
    "request": "Did somebody ask for this recording to be deleted?",
    "untold": "Delete the recording at the provider?",
}
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
    drawn = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    @property
    def rules(self) -> dict[str, int | None]:
        return {kind: self.cleaned_data[kind] for kind in Recording.Kind.values}

    def take(self, refused: Refused) -> None:
        """After a conflict the form shows what is there now: what was typed was meant for something else."""
        super().take(refused)
        if isinstance(refused, Conflict):
            self.data = {name: "" if value is None else value for name, value in self.initial.items()}


class CopiesForm(forms.Form):
    """What becomes of the provider's copies."""

    delete_at_provider = forms.BooleanField(
        required=False,
        label="Delete recordings at the provider once they are kept here",
        help_text="Each is read back here and compared first. Without this the provider keeps its copy until the "
        "recording is deleted here.",
    )


class DeletionForm(forms.Form):
    """Why a recording goes at once."""

    rule = forms.ChoiceField(choices=list(QUESTIONS.items()))


class HoldForm(forms.Form):
    """Why a recording must stay."""

    reason = forms.ChoiceField(choices=Recording.HoldReason.choices)
