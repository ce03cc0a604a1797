"""The API of accounts: getting, renewing and ending tokens; who belongs to the business."""

from typing import Any
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import invitations, login, team, tokens
from accounts.api_base import ApiView, Door, Rows, found
from accounts.models import Member, User
from accounts.passwords import LONGEST
from accounts.permissions import Permission, Role
from callcrm.errors import Invalid, NotAuthenticated, NotFound
from callcrm.lib.strict import Choice, Email, Shape, Strict, Text


class Credentials(Strict):
    email = Text(max_length=254)
    password = Text(max_length=1_000, trim_whitespace=False)
    business = Text(required=False, max_length=50, help_text="Its slug; may be left out by who has one.")
    otp = Text(required=False, allow_null=True, allow_blank=True, max_length=10, help_text="Leave empty.")

    def validate_otp(self, code: str | None) -> None:
        if code:
            raise serializers.ValidationError("No account here has a second factor.")


class RefreshBody(Strict):
    refresh = Text(max_length=4_096)


class PairShape(Shape):
    access = serializers.CharField()
    refresh = serializers.CharField()


class TokenShape(PairShape):
    business = serializers.SlugField()


class Tokens(ApiView):
    """Log in: a token for one user in one business."""

    open_door = "this is where one logs in"
    bodies = {"POST": Credentials}
    shape = TokenShape
    statuses = {"POST": 200}

    def post(self, request: Request) -> Response:
        given = self.body()
        user = login.authenticate(self.http, given["email"], given["password"], "api")
        member = _membership(user, given.get("business"))
        pair = tokens.start(member)
        login.logged_in(user, "api", member=member)
        return self.answer({"access": pair.access, "refresh": pair.refresh, "business": member.business.slug})


class Refreshing(ApiView):
    """Trade a refresh token for a new pair. It is good once; coming back with it again ends the session."""

    open_door = "the refresh token is the key"
    bodies = {"POST": RefreshBody}
    shape = PairShape
    statuses = {"POST": 200}

    def post(self, request: Request) -> Response:
        return self.answer(tokens.rotate(self.body()["refresh"]))


class Revoking(ApiView):
    """End the session of a refresh token; its access tokens end with it."""

    open_door = "the refresh token is the key"
    bodies = {"POST": RefreshBody}
    statuses = {"POST": 204}

    def post(self, request: Request) -> Response:
        tokens.revoke(self.body()["refresh"])
        return Response(status=204)


class MemberBody(Strict):
    email = Email(max_length=254)
    name = Text(required=False, allow_blank=True, max_length=100, default="")
    role = Choice(choices=Role.choices)
    password = Text(
        required=False,
        max_length=LONGEST,
        trim_whitespace=False,
        help_text="For who is new here, who sets it himself if it is left out; an existing user keeps his own.",
    )


class RoleBody(Strict):
    role = Choice(choices=Role.choices)


class MemberShape(Shape):
    id = serializers.UUIDField()
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name", allow_blank=True)
    role = serializers.ChoiceField(choices=Role.choices)
    created_at = serializers.DateTimeField()


class AddedShape(MemberShape):
    invitation = serializers.URLField(
        allow_null=True, help_text="Where a new user sets his password, once; for his eyes alone."
    )


class Users(Rows):
    """Who belongs to the business."""

    needs = {"GET": Permission.MANAGE_USERS, "POST": Permission.MANAGE_USERS}
    bodies = {"POST": MemberBody}
    shape = MemberShape
    shapes = {"POST": AddedShape}

    def rows(self) -> QuerySet[Member]:
        return _members(self.member)

    def post(self, request: Request) -> Response:
        """Add somebody to the business. Who is new gets a link, by which he sets his password."""
        given = self.body()
        invited = invitations.invite(self.business, given["email"], given["role"], by=self.member)
        member: Any = found(_members(self.member), invited.member.pk)
        if invited.link:
            _furnish(member.user, given)
        member.invitation = None if member.user.has_usable_password() else invited.link or None
        return self.answer(member)


class OneUser(Door):
    """One member."""

    needs = dict.fromkeys(("GET", "PATCH", "DELETE"), Permission.MANAGE_USERS)
    bodies = {"PATCH": RoleBody}
    shape = MemberShape

    def get(self, request: Request, pk: UUID) -> Response:
        return self.answer(found(_members(self.member), pk))

    def patch(self, request: Request, pk: UUID) -> Response:
        """Give a member another role. It ends every token that he has."""
        member = found(_members(self.member), pk)
        given = self.body()
        if given:
            team.change_role(member, given["role"], by=self.member)
        return self.answer(found(_members(self.member), pk))

    def delete(self, request: Request, pk: UUID) -> Response:
        """Remove a member from the business. What he did stays in the history."""
        team.remove(found(_members(self.member), pk), by=self.member)
        return Response(status=204)


def _membership(user: User, slug: str | None) -> Member:
    """Return the membership the token is for. Who belongs nowhere is told what a wrong password is told."""
    mine = list(Member.objects.active().select_related("business", "user").filter(user=user).order_by("pk"))
    if not mine:
        raise NotAuthenticated(login.WRONG)
    if slug is None and len(mine) > 1:
        names = ", ".join(sorted(member.business.slug for member in mine))
        raise Invalid(fields={"business": [f"Name one of: {names}."]})
    chosen = next((member for member in mine if slug in (None, member.business.slug)), None)
    if chosen is None:
        raise NotFound
    return chosen


def _members(member: Member) -> QuerySet[Member]:
    return Member.objects.active().select_related("user").filter(business_id=member.business_id)


def _furnish(user: User, given: dict[str, Any]) -> None:
    """Give a user who has just been made his name, and a password if he shall not set one himself."""
    user.name = given["name"]
    if "password" in given:
        try:
            validate_password(given["password"], user)
        except ValidationError as error:
            raise Invalid(fields={"password": error.messages}) from None
        user.set_password(given["password"])
    user.save(update_fields=["name", "password"])
