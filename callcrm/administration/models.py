"""What the admin shows of each model. What is not named here is not shown."""

from typing import Any

from django.contrib.admin import display, register
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts import businesses, people
from accounts.models import ApiSession, Business, Member, PlatformVisit, User
from audit.models import Entry
from callcrm.administration.shown import OfABusiness, Shown
from callcrm.administration.site import site
from callcrm.lib.tenancy import current_scope
from callcrm.webhooks.models import Receipt
from leads.models import Lead, Source
from recordings.models import Recording
from telephony.models import Call, CallLeg, Message, ProviderAccount, TrackingNumber

# --- The platform's own


@register(User, site=site)
class Users(Shown):
    """People who log in. The password is neither shown nor set here."""

    list_display = ("email", "name", "is_active", "is_superuser", "last_login", "created_at")
    list_filter = ("is_active", "is_superuser")
    ordering = ("email",)
    fields = ("email", "name", "is_active", "is_superuser", "last_login", "created_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        own = ("is_active", "is_superuser") if obj and obj.pk == request.user.pk else ()
        return ("email", "last_login", "created_at", *own)

    def save_model(self, request: Any, obj: User, form: Any, change: bool) -> None:
        if form.changed_data:
            people.change(obj, form.changed_data, by=request.user)


@register(Business, site=site)
class Businesses(Shown):
    """Customers of the installation, by name."""

    list_display = ("name", "slug", "timezone", "created_at")
    fields = ("name", "slug", "timezone", "region", "delete_at_provider", "created_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("slug", "created_at")

    def save_model(self, request: Any, obj: Business, form: Any, change: bool) -> None:
        values = {field: form.cleaned_data[field] for field in form.changed_data}
        businesses.change(Business.objects.get(pk=obj.pk), values, by=request.user)


@register(PlatformVisit, site=site)
class Visits(Shown):
    """Who of the platform was in which business, and why."""

    list_display = ("business", "user", "reason", "started_at", "ends_at", "ended_at")
    list_select_related = ("business", "user")
    fields = list_display


# --- Of the businesses that are visited


@register(Member, site=site)
class Members(OfABusiness):
    list_display = ("user", "business", "role", "created_at", "removed_at")
    fields = list_display
    related = ("user", "business")


@register(ApiSession, site=site)
class ApiSessions(OfABusiness):
    list_display = ("member", "created_at", "used_at", "expires_at", "ended_at", "ip")
    fields = list_display
    business = "member__business_id"
    related = ("member__user",)


@register(Entry, site=site)
class Entries(OfABusiness):
    """The history: of the businesses that are visited, and of the platform itself."""

    list_display = ("at", "actor", "sentence", "subject_id", "ip")
    fields = ("at", "name", "actor", "sentence", "subject_id", "data", "business_id", "request_id", "ip")
    ordering = ("-at", "-pk")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Entry]":
        here = Q(business_id__in=current_scope()) | Q(business_id=None)
        return Entry.objects.filter(here).order_by(*self.ordering)


@register(Receipt, site=site)
class Receipts(OfABusiness):
    list_display = ("received_at", "provider", "route", "state", "error", "attempts", "applied_at")
    list_filter = ("state",)
    fields = ("id", "account_id", *list_display)
    ordering = ("-received_at", "-pk")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).defer("sealed")


@register(ProviderAccount, site=site)
class ProviderAccounts(OfABusiness):
    list_display = ("provider", "account_id", "label", "business", "created_at")
    fields = list_display
    related = ("business",)


@register(TrackingNumber, site=site)
class TrackingNumbers(OfABusiness):
    list_display = ("e164", "label", "source", "account", "is_active", "created_at")
    fields = list_display
    related = ("source", "account")


@register(Source, site=site)
class Sources(OfABusiness):
    list_display = ("name", "kind", "is_archived")
    fields = list_display


@register(Lead, site=site)
class Leads(OfABusiness):
    list_display = ("masked_name", "masked_phone", "status", "source", "assigned_to", "created_at")
    list_filter = ("status",)
    fields = (*list_display, "last_contact_at", "tags")
    related = ("source", "assigned_to__user")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).prefetch_related("phones__lead")

    @display(description="Name")
    def masked_name(self, lead: Lead) -> str:
        return lead.shown_name

    @display(description="Phone")
    def masked_phone(self, lead: Lead) -> str:
        return lead.phone.number.masked if lead.phone else ""


@register(Call, site=site)
class Calls(OfABusiness):
    list_display = ("started_at", "direction", "state", "outcome", "caller", "number", "source", "agent")
    list_filter = ("outcome", "direction")
    fields = (
        *list_display,
        "answered_at",
        "ended_at",
        "talk_seconds",
        "provider",
        "provider_id",
        "disposition",
        "tags",
    )
    ordering = ("-started_at", "-pk")
    related = ("lead", "number", "source", "agent__user")

    @display(description="Caller")
    def caller(self, call: Call) -> str:
        return call.shown_caller


@register(CallLeg, site=site)
class CallLegs(OfABusiness):
    list_display = ("id", "state", "bridged", "started_at", "answered_at", "ended_at")
    fields = (*list_display, "call", "provider_id")
    related = ("call",)


@register(Recording, site=site)
class Recordings(OfABusiness):
    list_display = ("created_at", "kind", "state", "failure", "duration_seconds", "provider_id")
    fields = (
        *list_display,
        "call",
        "channels",
        "attempts",
        "next_attempt_at",
        "size",
        "sha256",
        "provider_copy",
        "held_at",
        "hold_reason",
        "deleted_at",
        "deleted_by",
    )
    related = ("call",)


@register(Message, site=site)
class Messages(OfABusiness):
    """Texts, without what stands in them."""

    list_display = ("created_at", "direction", "state", "number", "segments", "error_code")
    fields = (*list_display, "delivered_at", "provider", "provider_id", "lead")
    ordering = ("-created_at", "-pk")
    related = ("number", "lead")
