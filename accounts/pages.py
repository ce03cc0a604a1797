"""The team of a business, and what everybody has of his own: account, API sessions, the first password."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import PasswordResetConfirmView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST

from accounts import confirmations, invitations, login, sessions, team
from accounts.doors import MemberRequest, needs, open_door
from accounts.forms import InvitationForm, MemberForm, PasswordForm, RoleForm
from accounts.models import ApiSession, Member, User
from accounts.permissions import Permission, Role
from callcrm.errors import Invalid, NotAuthenticated

BACKEND = "django.contrib.auth.backends.ModelBackend"


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.MANAGE_USERS)
def team_page(request: MemberRequest) -> HttpResponse:
    """Who belongs to the business; a POST adds somebody."""
    form = MemberForm(request.POST or None, initial={"role": Role.USER})
    invited = None
    if form.is_valid():
        given = form.cleaned_data
        invited = form.try_to(
            lambda: invitations.invite(request.business, given["email"], given["role"], by=request.member)
        )
    if invited and not invited.link:
        messages.success(request, "Added. The account exists, so the password is the one it has.")
        return redirect("team", request.business.slug)
    return _team(request, form=MemberForm() if invited else form, invited=invited)


@require_POST
@needs(Permission.MANAGE_USERS)
def renew_invitation(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Make another link for who has not set a password yet."""
    member = _member(request, pk)
    return _team(
        request, form=MemberForm(), invited=invitations.Invited(member, invitations.link_for(member))
    )


@require_POST
@needs(Permission.MANAGE_USERS)
def change_role(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Give a member another role, once that is confirmed."""
    member, form = _member(request, pk), RoleForm(request.POST)
    if not form.is_valid():
        raise Invalid(fields={"role": ["Choose a role."]})
    role = Role(form.cleaned_data["role"])
    if not _confirmed(request, f"role {role}", member):
        question = f"Make {member.name} {role.label.lower()}?"
        text = "API sessions of this person end. Pages go by the new role at once."
        return _ask(request, question, text, "Change the role", f"role {role}", member, {"role": role.value})
    team.change_role(member, role, by=request.member)
    messages.success(request, "The role was changed.")
    return redirect("team", request.business.slug)


@require_POST
@needs(Permission.MANAGE_USERS)
def remove_member(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take a member out, once that is confirmed."""
    member = _member(request, pk)
    if not _confirmed(request, "removal", member):
        text = "This person is logged out of this business at once. What was done stays in the history."
        return _ask(request, f"Remove {member.name}?", text, "Remove", "removal", member, {})
    team.remove(member, by=request.member)
    messages.success(request, "The member was removed.")
    return redirect("team", request.business.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@open_door("one's own account; it asks for a log-in itself, and belongs to no business")
def account(request: HttpRequest) -> HttpResponse:
    """One's own password and API sessions."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    form = PasswordForm(request, request.user, request.POST or None)
    if form.is_valid():
        with transaction.atomic():
            sessions.set_password(request.user, form.cleaned_data["new"], by=request.user)
        update_session_auth_hash(request, request.user)
        messages.success(request, "The password was changed. Everything else that was logged in has ended.")
        return redirect("account")
    context = {"form": form, "sessions": open_sessions().filter(member__user=request.user)[:100]}
    return render(request, "accounts/account.html", context, status=422 if form.errors else 200)


@require_POST
@open_door("one's own session; it asks for a log-in itself, and finds no session of others")
def end_own_session(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Log a program of one's own out."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    session = get_object_or_404(open_sessions().filter(member__user=request.user), pk=pk)
    sessions.end(session, by=session.member)
    return redirect("account")


@require_POST
@needs(Permission.ADMIN_PANEL)
def end_session(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Log a program of somebody in the business out."""
    session = get_object_or_404(open_sessions().filter(member__business=request.business), pk=pk)
    sessions.end(session, by=request.member)
    messages.success(request, "The session was ended.")
    return redirect("settings", request.business.slug)


def open_sessions() -> Any:
    """Return the API sessions that are good, the last used first."""
    good = ApiSession.objects.filter(ended_at=None, expires_at__gt=now())
    return good.select_related("member__user", "member__business").order_by("-used_at")


class Invitation(PasswordResetConfirmView):
    """Set the first password. Django keeps the token out of the address, so that it is in no Referer."""

    form_class = InvitationForm  # type: ignore[assignment]  # typed as Django's own form; it asks for `save`
    template_name = "accounts/invitation.html"
    post_reset_login = True
    post_reset_login_backend = BACKEND

    def get_user(self, uidb64: str) -> User | None:
        user = super().get_user(uidb64)
        return user if user and user.is_active and not user.has_usable_password() else None

    def get_success_url(self) -> str:
        return reverse("start")

    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            response = super().form_valid(form)
            login.logged_in(form.user, "invitation")
        return response

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        good = context["validlink"]
        kwargs["status"] = 404 if not good else 422 if context["form"].errors else 200
        return super().render_to_response(context, **kwargs)


invitation = open_door("the link is the key; it is good once")(Invitation.as_view())


def _team(request: MemberRequest, **context: Any) -> HttpResponse:
    members = Member.objects.active().filter(business=request.business).select_related("user", "business")
    context |= {"members": members.order_by("created_at", "pk")[:500], "roles": Role.choices}
    return render(request, "accounts/team.html", context, status=422 if context["form"].errors else 200)


def _member(request: MemberRequest, pk: UUID) -> Member:
    mine = Member.objects.active().filter(business=request.business).select_related("user", "business")
    return get_object_or_404(mine, pk=pk)


def _confirmed(request: MemberRequest, act: str, member: Member) -> bool:
    token = request.POST.get("confirm", "")
    if token:
        confirmations.spend(token, request.member, act, member.pk)
    return bool(token)


def _ask(
    request: MemberRequest,
    question: str,
    text: str,
    button: str,
    act: str,
    member: Member,
    values: dict[str, str],
) -> HttpResponse:
    context = {
        "question": question,
        "text": text,
        "button": button,
        "values": values | {"confirm": confirmations.offer(request.member, act, member.pk)},
        "back": reverse("team", args=[request.business.slug]),
    }
    return render(request, "accounts/confirmation.html", context)
