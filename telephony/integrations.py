"""The providers of a business: connecting an account, and what its provider must be given.

A secret goes in and never comes out: no page, no form and no answer of the API shows it again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from callcrm.lib.forms import RefusableForm
from telephony import health, numbers
from telephony.links import Links
from telephony.models import ProviderAccount
from telephony.providers import PROVIDERS

# What a provider's console calls the address, and our name of it.
GIVEN = (
    ("A call comes in", "voice"),
    ("A call comes in, fallback", "voice-fallback"),
    ("Call status changes", "voice-status"),
    ("A message comes in", "sms"),
    ("A message comes in, fallback", "sms-fallback"),
    ("Message status", "sms-status"),
)
LOCAL = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Address:
    """An address of ours that a provider is told."""

    when: str
    url: str


class AccountForm(RefusableForm):
    """An account at a provider."""

    provider = forms.ChoiceField(choices=[(name, name.capitalize()) for name in PROVIDERS])
    account_id = forms.CharField(max_length=64, label="Account id", help_text="Of Twilio, it begins with AC.")
    secret = forms.CharField(
        max_length=200,
        label="Secret",
        help_text="Of Twilio, the Auth Token. It is kept sealed and never shown again.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    label = forms.CharField(max_length=80, required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.NUMBERS)
def integrations(request: MemberRequest) -> HttpResponse:
    """Which accounts are connected; a POST connects one, or gives it another secret."""
    form = AccountForm(request.POST or None)
    if form.is_valid() and form.does(lambda: _connect(request, form)):
        messages.success(request, "Connected. What the provider must be given stands below.")
        return redirect("integrations", request.business.slug)
    accounts = list(
        health.with_refusals(ProviderAccount.objects.filter(business=request.business)).order_by(
            "created_at", "pk"
        )[:100]
    )
    used = [name for name in PROVIDERS if any(account.provider == name for account in accounts)]
    context = {
        "form": form,
        "accounts": accounts,
        "health": health.of(request.business.pk),
        "addresses": {name: list(_addresses(name)) for name in used or ["twilio"]},
        "is_local": any(f"://{host}" in settings.PUBLIC_BASE_URL for host in LOCAL),
    }
    return render(request, "telephony/integrations.html", context, status=422 if form.errors else 200)


@require_POST
@needs(Permission.NUMBERS)
def forget_secret(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Stop accepting what is signed with the secret before this one."""
    account = get_object_or_404(ProviderAccount.objects.filter(business=request.business), pk=pk)
    if account.previous_secret:
        numbers.forget_previous(account, by=request.member)
        messages.success(request, "The previous secret is forgotten.")
    return redirect("integrations", request.business.slug)


def _connect(request: MemberRequest, form: AccountForm) -> ProviderAccount:
    given = form.cleaned_data
    return numbers.connect(
        request.business,
        given["provider"],
        given["account_id"],
        given["secret"],
        label=given["label"],
        by=request.member,
    )


def _addresses(provider: str) -> Iterator[Address]:
    routes, links = PROVIDERS[provider].routes, Links(provider)
    return (Address(when, links.to(name)) for when, name in GIVEN if name in routes)
