"""The components of callcrm's pages, as template tags.

Every template may use them without {% load %}: settings name this module among the builtins. Each tag
renders one file of `templates/components/`, and `/ui/` shows them all. A tag turns values into words,
tones and icons; it never asks the database and never sees more of a sealed value than its mask. Looks
live in `static/css/app.css`.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4
from zlib import adler32, crc32

from django import forms, template
from django.template.context import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from callcrm.lib import phones, times
from callcrm.lib.marks import mark
from callcrm.lib.masking import MASKS

register = template.Library()


NOTICE_ICONS = {
    "ok": "circle-check",
    "warn": "triangle-alert",
    "bad": "circle-alert",
    "info": "info",
    "": "info",
}
HIDDEN_KINDS = {"phone": "phones", "email": "email", "name": "name", "notes": "notes"}


@register.simple_tag
def fresh_key() -> UUID:
    """Return a key for a form that must be carried out once, however often it is sent."""
    return uuid4()


# ---------------------------------------------------------------- small marks


@register.inclusion_tag("components/icon.html")
def icon(name: str, label: str = "") -> dict[str, Any]:
    """{% icon "phone" %}: decoration, silent for screen readers unless it has a label."""
    return {"name": name, "label": label, "sprite": static("vendor/icons.svg")}


@register.inclusion_tag("components/badge.html")
def badge(
    code: object, word: str = "", tone: str | None = None, bare: bool = False, direction: str = ""
) -> dict[str, Any]:
    """{% badge call.outcome %}: word, colour and icon of a state; `bare` where the icon stands beside it already."""
    found = mark(code)
    shown = found.tone if tone is None else tone
    return {
        "word": word or found.word,
        "tone": shown,
        "icon_name": _arrow(found.icon, direction),
        "bare": bare,
    }


def _arrow(icon: str, direction: str) -> str:
    """An arrow that points in tells nothing of a call that went out."""
    return "phone-outgoing" if direction == "outbound" and icon == "phone-incoming" else icon


@register.filter
def word(code: object) -> str:
    """{{ call.stage|word }}: the word of a badge, for within a line."""
    return mark(code).word


@register.inclusion_tag("components/disc.html")
def disc(code: object, direction: str = "") -> dict[str, Any]:
    """{% disc call.outcome call.direction %}: the round icon in front of a row."""
    found = mark(code)
    return {"tone": found.tone, "icon_name": _arrow(found.icon, direction)}


@register.inclusion_tag("components/tag.html")
def tag(text: str, hue: int | None = None) -> dict[str, Any]:
    """{% tag "leak" %}: a word of the user's own; the same word has the same dot. One of ours has a `hue`."""
    return {"text": text, "hue": crc32(text.encode()) % 6 if hue is None else hue}


@register.inclusion_tag("components/avatar.html")
def avatar(name: str, size: str = "") -> dict[str, Any]:
    """{% avatar member.name %}: initials on one of five colours; the name must stand next to it.

    Who has no name has the drawing of a person, and no colour.
    """
    words = re.findall(r"\w[^\s@]*", str(name))
    letters = "".join(word[0] for word in (words[:1] + words[1:][-1:]))
    hue = adler32(str(name).encode()) % 5 + 1 if words else 0
    return {"letters": letters.upper(), "hue": hue, "size": size}


# ------------------------------------------------------------------- times


def _zone(context: Context) -> tzinfo:
    return times.zone_of(getattr(context.get("request"), "business", None))


@register.inclusion_tag("components/when.html", takes_context=True)
def when(context: Context, at: datetime | None, form: str = "") -> dict[str, Any]:
    """{% when call.started_at %}: time of day over distance, in the business's time zone.

    `form` picks one line: "clock" (10:42 am), "seconds" (10:42:07 am), "ago" (6 min ago), "date" (Nov 12) or "full"
    (Nov 12, 10:42 am). With "list" two lines are there for what is of today, and the time of day for the rest: in a
    list that is parted by days.
    """
    if at is None:
        return {"at": None}
    zone = _zone(context)
    text, below = times.lines(at, zone, timezone.now(), form)
    return {"at": times.iso(at), "exact": times.exact(at, zone), "text": text, "below": below}


@register.simple_tag(takes_context=True)
def due(context: Context, at: datetime) -> str:
    """{% due callback.due_at %}: "overdue by 2 h 10 min" or "due by 9:40 am tomorrow"."""
    return times.due(at, _zone(context), timezone.now())


@register.inclusion_tag("components/clock.html", takes_context=True)
def clock(context: Context, since: datetime) -> dict[str, Any]:
    """{% clock call.started_at %}: minutes and seconds since then, ticking where there is JavaScript.

    All clocks of one answer are drawn for one moment: two of one call never differ.
    """
    at = vars(context.get("request", context)).setdefault("clocks_at", timezone.now())
    passed = max(0, int((at - since).total_seconds()))
    return {"since": times.iso(since), "text": times.duration(passed)}


@register.inclusion_tag("components/day.html", takes_context=True)
def day(context: Context, at: datetime) -> dict[str, Any]:
    """{% day at %}: the heading over the entries of one day of a timeline."""
    return {"text": times.heading(at, _zone(context), timezone.now())}


@register.filter
def local_day(at: datetime, business: object) -> str:
    """{% ifchanged at|local_day:request.business %}: the date that it is there, to group by."""
    return at.astimezone(times.zone_of(business)).date().isoformat()


@register.filter("phone")
def written(number: str) -> str:
    """{{ leg.shown_to|phone }}: a number as people write it; one that is masked as its mask is drawn."""
    return dots(phones.pretty(number))


register.filter("duration", times.duration)
register.filter("in_words", times.in_words)
register.filter("span", times.span)
register.filter("zone_name", times.zone_name)


# ---------------------------------------------------------- masked values


def dots(mask: str) -> str:
    """Draw an API mask for people: `+1(555)***-**67` becomes `+1 (555) •••-••67`."""
    return re.sub(r"^(\+\d+)\((\d+)\)", r"\1 (\2) ", mask).replace("*", "•")


@register.filter
def drawn(text: str | None) -> str:
    """{{ call.shown_note|drawn }}: free text with the masks in it as they are drawn everywhere else."""
    return MASKS.sub(lambda mask: dots(mask[0]), text or "")


def _spoken(mask: str, kind: str) -> str:
    last = re.search(r"\*(\d{2})$", mask)
    return f"{kind.capitalize()} hidden, ends in {last[1]}" if last else f"{kind.capitalize()} hidden"


def _hides(mask: str, kind: str) -> bool:
    """A mask has stars, but a name is cut to an initial."""
    return "*" in mask or (kind == "name" and mask.endswith("."))


@register.inclusion_tag("components/masked.html", takes_context=True)
def masked(
    context: Context, value: object, kind: str = "phone", url: str = "", record: str = ""
) -> dict[str, Any]:
    """{% masked phone.number "phone" reveal_url %}: the mask, and an eye for whoever may look behind it.

    `url` is the lead's reveals; without it, or without the right, there is no eye. `record` names the
    record in the button's label, never the person.
    """
    mask = str(getattr(value, "masked", value) or "")
    if kind == "notes":  # free text may name the person: none of it is shown
        mask = "*****"
    return {
        "shown": dots(mask),
        "hides": _hides(mask, kind),
        "spoken": _spoken(mask, kind) if "*" in mask else "",
        "kind": "phone number" if kind == "phone" else kind,
        "link": f"{url}?fields={HIDDEN_KINDS[kind]}" if url else "",
        "record": record,
        "can": context.get("can"),
    }


@register.filter
def ending(value: object) -> str:
    """{{ phone.number|ending }} is "ends in 42", for places with room for no more."""
    last = re.search(r"\d{2}$", str(getattr(value, "masked", value) or ""))
    return f"ends in {last[0]}" if last else ""


@register.filter
def money(value: Decimal | None) -> str:
    """{{ lead.value|money }} is $14,200, with cents only where there are some."""
    if value is None:
        return ""
    return f"${value:,.0f}" if value == int(value) else f"${value:,.2f}"


@register.filter
def together(value: object) -> str:
    """{{ values.phones|together }}: one revealed value, or several in a row."""
    values = value if isinstance(value, list | tuple) else [value or "None"]
    return ", ".join(phones.pretty(str(each)) for each in values)


# ------------------------------------------------------------------- boxes


@register.simple_block_tag
def card(content: SafeString, title: str, link: str = "", link_text: str = "", note: str = "") -> SafeString:
    """{% card "Contact" %}…{% endcard %}"""
    return render_to_string(
        "components/card.html",
        {"content": content, "title": title, "link": link, "link_text": link_text, "note": note},
    )


@register.simple_block_tag
def notice(content: SafeString, tone: str = "", extra: str = "") -> SafeString:
    """{% notice "warn" %}…{% endnotice %}: a sentence about the page; tones ok, warn, bad, info."""
    return render_to_string(
        "components/notice.html",
        {"content": content, "tone": tone, "extra": extra, "icon_name": NOTICE_ICONS[tone]},
    )


@register.simple_block_tag(end_name="endempty_state")
def empty_state(content: SafeString, title: str, icon: str = "info", tone: str = "") -> SafeString:
    """{% empty_state "No calls yet" icon="phone" tone="accent" %}<p>What to do.</p>{% endempty_state %}"""
    return render_to_string(
        "components/empty_state.html", {"content": content, "title": title, "icon_name": icon, "tone": tone}
    )


@register.simple_block_tag
def menu(
    content: SafeString, name: str, label: str, icon: str = "", place: str = "", folds: bool = True
) -> SafeString:
    """{% menu "more" "More" icon="ellipsis" %}<ul>…</ul>{% endmenu %}: a button and what it opens.

    On a phone the button of a page's head folds to its icon, unless told not to.
    """
    values = {"name": name, "label": label, "icon_name": icon, "place": place, "folds": folds}
    return render_to_string("components/menu.html", {"content": content, **values})


@register.simple_block_tag(takes_context=True)
def entry(
    context: Context,
    content: SafeString,
    code: str,
    head: str,
    at: datetime,
    detail: str = "",
    box: str = "",
    icon: str = "",
    tone: str = "",
    form: str = "clock",
) -> SafeString:
    """{% entry "missed" "Missed call" call.started_at detail="rang 38 s" %}{% endentry %}: a timeline's line.

    What stands between the tags goes into a box; `box` is "note" or "sms" to tint it; `form` is that of `when`.
    """
    found = mark(code)
    values = {
        "content": content if content.strip() else "",
        "icon_name": icon or found.icon,
        "tone": tone or found.tone,
        "head": head,
        "detail": detail,
        "when": when(context, at, form),
        "box": box,
    }
    return render_to_string("components/entry.html", values)


@register.inclusion_tag("components/stat.html")
def stat(label: str, value: object, delta: str = "") -> dict[str, Any]:
    """{% stat "Calls" 47 "9 more than yesterday" %}, inside <dl class="stats">."""
    return {"label": label, "value": value, "delta": delta}


# ------------------------------------------------------------------- forms


def _widget_kind(widget: forms.Widget) -> str:
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "choices"
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    return "select" if isinstance(widget, forms.Select) else "input"


@register.inclusion_tag("components/field.html")
def field(bound: forms.BoundField, placeholder: str = "") -> dict[str, Any]:
    """{% field form.email %}: label, control, help and errors, tied together by Django's ids."""
    kind = _widget_kind(bound.field.widget)
    attrs: dict[str, str | bool] = {"class": "input"} if kind in ("input", "select") else {}
    if placeholder:
        attrs["placeholder"] = placeholder
    return {"bound": bound, "kind": kind, "control": bound.as_widget(attrs=attrs)}


@register.inclusion_tag("components/error_summary.html")
def error_summary(form: forms.BaseForm) -> dict[str, Any]:
    """{% error_summary form %}: on top of a refused form, linking to the fields; nothing when all is well."""
    fields = [(bound, error) for bound in form for error in bound.errors] if form.is_bound else []
    return {"general": form.non_field_errors() if form.is_bound else [], "fields": fields}


# -------------------------------------------------------------------- menu


@register.inclusion_tag("components/nav_item.html", takes_context=True)
def nav_item(
    context: Context, name: str, label: str, icon: str, key: str = "", count: object = "", of: str = ""
) -> dict[str, Any]:
    """{% nav_item "calls" "Calls" "phone" key="c" %}: a link of the menu, current on pages below it too.

    `of` says what is counted: `count=owed of="people to call back"`. Where there is room, its first word is seen.
    """
    unit, _, rest = str(of).partition(" ") if key else ("", "", "")
    request = context.get("request")
    business = getattr(request, "business", None)
    match = getattr(request, "resolver_match", None)
    here = getattr(match, "url_name", "") or ""
    try:
        url = reverse(name, args=[business.slug]) if business else ""
    except NoReverseMatch:  # an installation may leave an app out; then its page is not in the menu
        url = ""
    return {
        "url": url,
        "label": label,
        "icon_name": icon,
        "key": key,
        "count": str(count),
        "of": of,
        "unit": unit,
        "rest": rest,
        "current": here in (name, name.removesuffix("s")),
    }
