"""The people who call, sealed.

Each lead has a key of its own, wrapped by the business's data key: what is known of a person can be read only through
it, and destroying it is forgetting him. How he is found without being read: `LeadToken` and `search.py`. Verbs:
`intake.py` (a call makes a lead), `editing.py` and `drafts.py` (people do), `merging.py` (two cards become one),
`reveals.py` (somebody looks).
"""

import secrets
import unicodedata
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts import keys
from accounts.doors import Admitted
from accounts.models import TenantModel, tenant_key
from accounts.permissions import Permission
from callcrm.lib import masking
from callcrm.lib.crypto import envelope
from callcrm.lib.crypto.envelope import DecryptError
from callcrm.lib.crypto.fields import Sealed, SealedEmail, SealedModel, SealedName, SealedPhone, SealedText

NAMELESS = "Unnamed person"


class Source(TenantModel):
    """Where people come from: an advertisement, a listing, a van. Numbers and leads name theirs."""

    class Kind(models.TextChoices):
        SEARCH_AD = "search_ad", "Search ad"
        SOCIAL_AD = "social_ad", "Social ad"
        LISTING = "listing", "Listing"
        WEBSITE = "website", "Website"
        PRINT = "print", "Print"
        REFERRAL = "referral", "Referral"
        OTHER = "other", "Other"

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.OTHER)
    is_archived = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("business", models.functions.Lower("name"), name="leads_source_once")
        ]

    def __str__(self) -> str:
        return self.name


class LeadQuerySet(models.QuerySet["Lead"]):
    """Reading leads."""

    def visible_to(self, member: Admitted) -> "LeadQuerySet":
        """Return the leads that a member may know of: all of his business, by the right to view customers."""
        if not member.can(Permission.VIEW_CUSTOMERS):
            return self.none()
        return self.filter(business_id=member.business_id)

    def for_list(self) -> "LeadQuerySet":
        """Bring what a row shows in as many queries for fifty rows as for one."""
        return self.select_related("source", "assigned_to__user").prefetch_related("phones")


class Lead(TenantModel, SealedModel):
    """One person."""

    class Status(models.TextChoices):
        NEW = "new", "New"
        CONTACTED = "contacted", "Contacted"
        QUALIFIED = "qualified", "Qualified"
        WON = "won", "Won"
        LOST = "lost", "Lost"
        SPAM = "spam", "Spam"

    key = models.BinaryField(editable=False)
    key_version = models.PositiveSmallIntegerField(default=1, editable=False)
    name = SealedName(max_length=200, null=True, blank=True)
    email = SealedEmail(max_length=254, null=True, blank=True)
    notes = SealedText(max_length=10_000, pad=256, null=True, blank=True)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.NEW)
    source = tenant_key("leads.Source", null=True, blank=True)
    assigned_to = tenant_key("accounts.Member", null=True, blank=True)
    value = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    last_contact_at = models.DateTimeField(null=True, editable=False)

    aside = ""  # what else came of moving it, for who has moved it (`editing.status_handlers`); no column

    objects = LeadQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["business", "-id"], name="leads_lead_newest"),
            models.Index(fields=["business", "status", "-id"], name="leads_lead_status"),
            models.Index(fields=["business", "assigned_to", "-id"], name="leads_lead_assigned"),
        ]

    def __str__(self) -> str:
        return f"lead {self.pk}"

    def make_key(self) -> None:
        """Give a new lead its key. Call before the first sealed value is saved."""
        data = keys.data_key(self.business_id)
        self._secret = secrets.token_bytes(32)
        self.key_version = data.version
        self.key = envelope.wrap(data.secret, self._secret, context=self._key_context())

    def sealing_key(self) -> bytes:
        """Return the key of this person. Raises DecryptError once it has been destroyed."""
        if not hasattr(self, "_secret"):
            wrapping = keys.data_key_of(self.business_id, self.key_version)
            self._secret = envelope.unwrap(wrapping, bytes(self.key), context=self._key_context())
        return self._secret

    def __getstate__(self) -> dict[str, Any]:
        """A pickle ends in caches and queues: the key in clear stays behind."""
        return {name: value for name, value in super().__getstate__().items() if name != "_secret"}

    def _key_context(self) -> tuple[str, ...]:
        return ("lead key", str(self.business_id), str(self.pk), str(self.key_version))

    @property
    def shown_name(self) -> str:
        """Return what stands for the person everywhere: the masked name, or that nobody knows it yet.

        It says nothing else: who has no name may have called five times, or never.
        """
        return self.masked_name or NAMELESS

    @property
    def masked_name(self) -> str:
        """Return the masked name; empty for whom nobody has named."""
        return self.name.masked if self.name else ""

    def redacted(self, text: Sealed) -> str:
        """Return a free text about the person as everybody may read it: without his name, numbers and addresses."""
        try:
            return masking.redact(text.reveal(), [self.name.reveal()] if self.name is not None else [])
        except DecryptError:
            return text.masked  # which says that it cannot be read, and tells the log

    @property
    def phone(self) -> "LeadPhone | None":
        """Return the first phone, from what `for_list` has brought."""
        return next(iter(self.phones.all()), None)

    @property
    def is_open(self) -> bool:
        return self.status in {self.Status.NEW, self.Status.CONTACTED, self.Status.QUALIFIED}


class LeadPhone(TenantModel, SealedModel):
    """A number of a person, sealed under his key. A number belongs to one lead of a business (`LeadToken`)."""

    class Kind(models.TextChoices):
        MOBILE = "mobile", "Mobile"
        LANDLINE = "landline", "Landline"
        WORK = "work", "Work"
        OTHER = "other", "Other"

    lead = tenant_key("leads.Lead", related_name="phones")
    number = SealedPhone(max_length=16)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.OTHER)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "id"]
        indexes = [models.Index(fields=["business", "lead", "position"], name="leads_phone_lead")]

    def __str__(self) -> str:
        return f"phone {self.pk}"

    @property
    def label(self) -> str:
        """Return what stands before the number; of most callers nobody said what kind it is."""
        return "Phone" if self.kind == self.Kind.OTHER else self.get_kind_display()

    def sealing_key(self) -> bytes:
        key: bytes = self.lead.sealing_key()
        return key


class LeadToken(models.Model):
    """One way to find a lead: a keyed hash of a phone, its last digits, an e-mail or a word of the name.

    Its primary key is the search index, and gives the newest lead first by reading it backwards. Only a plain B-tree
    serves under row level security: PostgreSQL lets none but leakproof operators reach an index there.
    """

    pk = models.CompositePrimaryKey("business_id", "kind", "token", "lead_id")
    business_id = models.UUIDField()
    kind = models.PositiveSmallIntegerField()
    token = models.BinaryField()
    lead = tenant_key("leads.Lead", related_name="tokens")
    lead_id: UUID

    class Meta:
        constraints = [
            # However many calls race, a number becomes one lead: `Kind.PHONE_EXACT` is 1.
            models.UniqueConstraint(
                fields=["business_id", "token"], condition=Q(kind=1), name="leads_token_one_phone"
            ),
        ]
        indexes = [models.Index(fields=["business_id", "lead"], name="leads_token_lead")]

    def __str__(self) -> str:
        return f"token of kind {self.kind}"


class Note(TenantModel, SealedModel):
    """What a member wrote about a person, at a moment. Sealed under the person's key, so that it goes with him."""

    lead = tenant_key("leads.Lead", related_name="note_rows")
    author = tenant_key("accounts.Member", null=True)
    body = SealedText(max_length=5_000, pad=256)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["business", "lead", "-id"], name="leads_note_lead")]

    def __str__(self) -> str:
        return f"note {self.pk}"

    def sealing_key(self) -> bytes:
        key: bytes = self.lead.sealing_key()
        return key

    @property
    def shown_body(self) -> str:
        """Return the note as everybody may read it."""
        shown: str = self.lead.redacted(self.body)
        return shown

    @property
    def body_is_cut(self) -> bool:
        return is_cut(self.shown_body, self.body)


DRAFT_KEPT = timedelta(days=1)


class NoteDraftQuerySet(models.QuerySet["NoteDraft"]):
    """Reading what is not a note yet."""

    def visible_to(self, member: Admitted) -> "NoteDraftQuerySet":
        """Return the member's own, as long as he may write notes."""
        mine = self.filter(business_id=member.business_id, member_id=member.pk)
        return mine if member.can(Permission.EDIT_CUSTOMERS) else self.none()

    def fresh(self) -> "NoteDraftQuerySet":
        return self.filter(saved_at__gt=now() - DRAFT_KEPT)


class NoteDraft(TenantModel, SealedModel):
    """What a member is writing about a person (`drafts.py`), sealed under the person's key: it goes with him."""

    lead = tenant_key("leads.Lead", related_name="drafts")
    member = tenant_key("accounts.Member")
    body = SealedText(max_length=5_000, pad=256)
    saved_at = models.DateTimeField(default=now)

    objects = NoteDraftQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "lead", "member"], name="leads_draft_once")
        ]
        indexes = [models.Index(fields=["business", "saved_at"], name="leads_draft_age")]

    def __str__(self) -> str:
        return f"draft {self.pk}"

    def sealing_key(self) -> bytes:
        key: bytes = self.lead.sealing_key()
        return key


class LeadMerge(TenantModel):
    """Where a card went that was merged into another: its address leads there, for as long as that person is kept."""

    gone_id = models.UUIDField()
    kept = tenant_key("leads.Lead", related_name="merges")
    by = tenant_key("accounts.Member", null=True)
    at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "gone_id"], name="leads_merge_once")]
        indexes = [models.Index(fields=["business", "kept"], name="leads_merge_kept")]

    def __str__(self) -> str:
        return f"merge of {self.gone_id}"


def is_cut(shown: str | None, text: Sealed | None) -> bool:
    """Say whether what is shown of a text leaves something of it out."""
    try:
        return text is not None and shown != unicodedata.normalize("NFC", text.reveal())
    except DecryptError:
        return False


def fresh_lead(business_id: UUID, **values: Any) -> Lead:
    """Return an unsaved lead with a key of its own; `values` are its fields in clear, sealed when it is saved."""
    lead = Lead(business_id=business_id)
    lead.make_key()
    for field, value in values.items():
        setattr(lead, field, value)
    return lead
