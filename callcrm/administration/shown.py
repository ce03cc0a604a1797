"""What every list of the admin has in common: it shows, and asks little of the database."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from callcrm.lib.tenancy import current_scope

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _Paginator = Paginator[Any]
else:
    _ModelAdmin, _Paginator = admin.ModelAdmin, Paginator

MOST = 2_000  # rows that one pages through; whoever looks for older ones filters


class Bounded(_Paginator):
    """Counts to a limit and no further: a business has millions of calls."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Model] = self.object_list  # type: ignore[assignment]  # a list of the admin is a queryset
        return rows.order_by().values("pk")[:MOST].count()


class Shown(_ModelAdmin):
    """A model that is looked at. Sealed fields have no form field, so only what `fields` names is drawn."""

    paginator = Bounded
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 50
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    empty_value_display = ""
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """All of them: the form of what is only shown has no inputs, whichever fields a model gets later."""
        return self.fields or ()

    def log_addition(self, *args: Any) -> Any:
        """Our own history has it; Django's would be a second one, which can be changed."""

    def log_change(self, *args: Any) -> Any:
        """See `log_addition`."""

    def log_deletion(self, *args: Any) -> Any:
        """See `log_addition`."""


class OfABusiness(Shown):
    """Rows of a business. Those behind the wall are held there by the database; this holds the others too."""

    business: ClassVar[str] = "business_id"
    related: ClassVar[tuple[str, ...]] = ()

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows = super().get_queryset(request).filter(**{f"{self.business}__in": current_scope()})
        return rows.select_related(*self.related) if self.related else rows
