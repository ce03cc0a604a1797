"""Coming in and leaving: log-in, log-out, and `/`, which leads everybody to where he belongs."""

from typing import Any, cast

from django.contrib.auth import logout
from django.contrib.auth.views import LoginView, redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts import limits, login
from accounts.context import of_user
from accounts.doors import open_door
from accounts.forms import LoginForm
from accounts.models import User
from callcrm.errors import TooMany

LEFT = '"cache", "storage"'  # what a browser forgets at log-out; the session's cookie goes anyway


class LogIn(LoginView):
    """The form; the password is looked at by `accounts.login`. `next` leads to our own addresses alone."""

    form_class = LoginForm  # type: ignore[assignment]  # Django types it as its own form; it asks for get_user
    template_name = "accounts/login.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().post(request, *args, **kwargs)
        except TooMany as refused:
            limits.tell(request, refused)
            context = self.get_context_data(form=LoginForm(request), wait=refused.retry_after // 60 + 1)
            return self.render_to_response(
                context, status=429, headers={"Retry-After": str(refused.retry_after)}
            )

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        login.logged_in(form.get_user(), "page")
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_redirect_url(self, request: HttpRequest | None = None) -> str:
        wanted = super().get_redirect_url()
        return "" if wanted.partition("?")[0] == self.request.path else wanted

    def get_default_redirect_url(self) -> str:
        user = cast(User, self.request.user)
        return reverse("admin:index" if user.is_superuser else "start")


log_in = open_door("this is where one logs in")(LogIn.as_view())


@require_POST
@open_door("who leaves need not have a right")
def log_out(request: HttpRequest) -> HttpResponse:
    """End the browser's session."""
    if isinstance(request.user, User):
        login.logged_out(request.user)
    logout(request)
    response = redirect("login")
    response.headers["Clear-Site-Data"] = LEFT
    return response


@require_safe
@open_door("it only leads on, to businesses of the user's own")
def start(request: HttpRequest) -> HttpResponse:
    """Go to one's business; who has several chooses, who has none reads why."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path())
    businesses = of_user(request.user)
    if len(businesses) == 1:
        return redirect("home", businesses[0].slug)
    return render(request, "accounts/start.html", {"businesses": businesses})
