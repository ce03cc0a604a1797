"""Listening to recordings: the player, the audio behind it, notes at a moment, the words of a message, the file.

With scripts the player takes the place of the button; without them a page of its own plays. The audio is given by
`ranges.py`, to the session that began the playback and to no other.
"""

from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from accounts.sessions import browser_id
from callcrm.errors import Conflict, NotFound
from leads import reveal_pages
from recordings import sealing
from recordings.listening import notes, playbacks, ranges, transcripts
from recordings.listening.forms import NoteForm
from recordings.models import FIRST_USE, Playback, PlayReason, Recording

TAKEN = "taken"  # in the session: for which file a reason was given, and when


@require_POST
@needs(Permission.PLAY)
def play(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Begin a playback: the player with its sound."""
    recording, reason = _recording(request, pk), request.POST.get("reason", "")
    session = _session(request)
    if playbacks.wants_reason(recording, session=session, by=request.member, reason=reason):
        return _ask_why(request, recording)
    playback = playbacks.start(recording, session=session, by=request.member, reason=reason)
    if "HX-Request" not in request.headers:
        return redirect("playback", request.business.slug, playback.pk)
    context = {"recording": recording, "playback": playback}
    face = "recordings/_mini.html" if request.POST.get("face") == "row" else "recordings/_player.html"
    return render(request, face, context)


def _ask_why(request: MemberRequest, recording: Recording, *, takes: bool = False) -> HttpResponse:
    """Ask over the player, which stays where it is, or on a page of its own. To be asked is no refusal."""
    is_missing = "reason" in request.POST
    status = 422 if is_missing else 200
    context = {
        "recording": recording,
        "reasons": PlayReason.choices,
        "takes": takes,
        "is_missing": is_missing,
    }
    if takes or "HX-Request" not in request.headers:
        return render(request, "recordings/why.html", context, status=status)
    context["place"] = "mini" if request.POST.get("face") == "row" else "player"
    answer = render(request, "recordings/_why.html", context, status=status)
    answer.headers["HX-Retarget"] = f"#why-{context['place']}-{recording.pk}"
    answer.headers["HX-Reswap"] = "innerHTML"
    return answer


@never_cache
@require_safe
@needs(Permission.PLAY)
def playback(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A page that plays, for a browser without scripts."""
    found = _playback(request, pk)
    return render(request, "recordings/playback.html", {"playback": found, "recording": found.recording})


@require_safe
@needs(Permission.PLAY)
def audio(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    """The sound of a playback, or a part of it."""
    found = _playback(request, pk)
    if request.headers.get("Sec-Fetch-Dest") == "document":
        raise Conflict("This is for a player. To take the recording away is a right of its own.")
    playbacks.use(found)
    recording = found.recording
    with sealing.for_listeners():
        return ranges.answer(request, sealing.open_stored(recording), recording.content_type)


@require_POST
@needs(Permission.DOWNLOAD)
def download(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    """The whole recording as a file."""
    recording, reason = _recording(request, pk), request.POST.get("reason", "")
    if playbacks.lacks_reason(reason, by=request.member):
        return _ask_why(request, recording, takes=True)
    playbacks.download(recording, by=request.member, reason=reason)
    if request.business.asks_why_played:
        request.session[TAKEN] = {str(pk): now().timestamp()}
        return redirect("recording-taken", request.business.slug, pk)
    return _file(request, recording)


@never_cache
@require_safe
@needs(Permission.DOWNLOAD)
def taken(request: MemberRequest, pk: UUID) -> HttpResponse:
    """After the question: the file comes by itself, and the way back stands beside it."""
    context = {"recording": _recording(request, pk), "comes": str(pk) in request.session.get(TAKEN, {})}
    return render(request, "recordings/taken.html", context)


@never_cache
@require_GET
@needs(Permission.DOWNLOAD)
def taken_file(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    """The file for which a reason was given a moment ago in this session: once, for that is what the history says."""
    recording, granted = _recording(request, pk), request.session.pop(TAKEN, {}).get(str(pk), 0)
    if now().timestamp() - granted > FIRST_USE.total_seconds():
        raise Conflict("This download is over. Ask for the file again.")
    playbacks.must_be_here(recording)
    return _file(request, recording)


def _file(request: MemberRequest, recording: Recording) -> HttpResponseBase:
    with sealing.for_listeners():
        reader = sealing.open_stored(recording)
    response = StreamingHttpResponse(reader.blocks(), content_type=recording.content_type)
    response.headers["Content-Length"] = str(reader.size)
    response.headers["Content-Disposition"] = f'attachment; filename="{_file_name(request, recording)}"'
    return response


def _file_name(request: MemberRequest, recording: Recording) -> str:
    """Name a file by what it is, when its call was and of which source: nothing in it says who was recorded."""
    at = recording.call.started_at.astimezone(request.business.tz)
    source = recording.call.source
    parts = [recording.kind, f"{at:%Y-%m-%d-%H%M}", slugify(source.name)[:40].strip("-") if source else ""]
    ending = "mp3" if recording.content_type == "audio/mpeg" else "wav"
    return "-".join(filter(None, parts)) + f".{ending}"


@require_POST
@needs(Permission.PLAY)
def add_note(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Note something at a moment."""
    recording = _recording(request, pk)
    form = NoteForm(recording, request.POST)
    is_live = "HX-Request" in request.headers
    if not form.is_valid():
        page = "recordings/_notes.html" if is_live else "recordings/note.html"
        return render(request, page, {"recording": recording, "noted": form}, status=422)
    note = notes.add(recording, form.cleaned_data["at"], form.cleaned_data["body"], by=request.member)
    if is_live:
        return render(request, "recordings/_notes.html", {"recording": note.recording})
    return redirect("call", request.business.slug, recording.call_id)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.REVEAL)
def reveal_transcript(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The words of a message, as they were said."""
    recording = _recording(request, pk)
    back = reverse("call", args=[request.business.slug, recording.call_id])
    return reveal_pages.answer(
        request, lambda why: transcripts.reveal(recording, why, by=request.member), back=back
    )


def _recording(request: MemberRequest, pk: UUID) -> Recording:
    visible = Recording.objects.visible_to(request.member).select_related("call__lead", "call__source")
    return get_object_or_404(visible, pk=pk)


def _playback(request: MemberRequest, pk: UUID) -> Playback:
    """Return the member's own playback, in this session, of a recording that he may still know of."""
    visible = Playback.objects.filter(recording__in=Recording.objects.visible_to(request.member))
    found = get_object_or_404(visible.select_related("recording__call__lead"), pk=pk)
    if not found.is_open_to(request.member, _session(request)):
        raise Conflict("This link is over, or belongs to another session. Play the recording again.")
    return found


def _session(request: MemberRequest) -> str:
    if not request.session.session_key:
        raise NotFound
    return browser_id(request.session.session_key)
