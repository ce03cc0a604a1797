"""The one settings file: development and production differ by their environment alone.

Every variable that is read here stands in `.env.example`; a test compares the two. `ENV` collects what is
missing or weak, and the last line refuses to start with it. Nothing here imports a model or connects.
"""

import os
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import environ
from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF

from callcrm.lib import logs
from callcrm.lib.env import Environment, running_port

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"  # all that development keeps; git ignores it

if (BASE_DIR / ".env").exists():
    environ.Env.read_env(BASE_DIR / ".env")  # the environment beats it
ENV = Environment(os.environ, secrets_folder=VAR / "secrets")

# --- Which installation this is

ENVIRONMENT = ENV.choice("ENVIRONMENT", "development", "production")
PRODUCTION = ENVIRONMENT == "production"
DEBUG = ENV.flag("DEBUG", default=False)
if DEBUG and PRODUCTION:
    ENV.problems.append("DEBUG shows the inside of callcrm to everybody and must be off")

PORT = ENV.number("PORT", running_port(VAR), least=1, most=65535)
PUBLIC_BASE_URL = ENV.address("PUBLIC_BASE_URL", f"http://127.0.0.1:{PORT}", required=True)
ALLOWED_HOSTS = [
    *ENV.words("ALLOWED_HOSTS", required=True),
    *([] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]", str(urlsplit(PUBLIC_BASE_URL).hostname)]),
]
if PRODUCTION and "*" in ALLOWED_HOSTS:
    ENV.problems.append("ALLOWED_HOSTS must name hosts, not *")
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]
CORS_ALLOWED_ORIGINS = ENV.words("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = (*default_headers, "x-request-id")
CORS_EXPOSE_HEADERS = [
    "X-Request-ID",
    "Retry-After",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
]
TRUSTED_PROXY_DEPTH = ENV.number("TRUSTED_PROXY_DEPTH", 0, most=10)

# --- Secrets: by version, newest first; the first one seals and signs, all of them open and verify

SECRET_KEY = ENV.secret("SECRET_KEY")
LEAD_ENCRYPTION_KEYS: dict[str, bytes] = ENV.keys("LEAD_ENCRYPTION_KEY")
JWT_KEYS: dict[str, str] = ENV.keyring("JWT_SECRET")
if PRODUCTION and SECRET_KEY in JWT_KEYS.values():
    ENV.problems.append("JWT_SECRET must not be the SECRET_KEY: one that leaks must not open the other")
if "*" in CORS_ALLOWED_ORIGINS:
    ENV.problems.append("CORS_ALLOWED_ORIGINS must name origins, not *")
JWT_ACCESS_MINUTES = ENV.number("JWT_ACCESS_MINUTES", 15, least=1, most=1440)
JWT_REFRESH_DAYS = ENV.number("JWT_REFRESH_DAYS", 7, least=1, most=90)
JWT_SESSION_DAYS = ENV.number("JWT_SESSION_DAYS", 30, least=1, most=365)

# --- What it is made of

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "axes",
    "corsheaders",
    "csp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "procrastinate.contrib.django",
    "audit",
    "accounts",
    "callcrm.webhooks",
    "leads",
    "telephony",
    "recordings",
    "exports",
    "callcrm",
]

MIDDLEWARE = [
    "callcrm.middleware.RequestContext",
    "csp.middleware.CSPMiddleware",
    "callcrm.middleware.SecurityHeaders",
    "callcrm.middleware.Refusals",
    "callcrm.middleware.HttpsOnly",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "callcrm.urls"
WSGI_APPLICATION = "callcrm.wsgi.application"
ASGI_APPLICATION = "callcrm.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.member",
                "telephony.context.owed",
                "telephony.context.calling",
                "telephony.context.problems_waiting",
            ],
            "builtins": ["callcrm.lib.ui", "callcrm.lib.ui_lists", "callcrm.lib.drawings"],
        },
    }
]

LANGUAGE_CODE = "en-us"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

# --- Database: the role that serves people owns nothing and bypasses nothing (callcrm.lib.rls)

OWNER_COMMANDS = (
    "createcachetable", "dbshell", "flush", "inspectdb", "makemigrations", "migrate", "optimizemigration",
    "showmigrations", "sqlflush", "sqlmigrate", "squashmigrations",
)  # fmt: skip
AS_OWNER = Path(sys.argv[0]).name == "manage.py" and len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS

DATABASE_URL = ENV.text("DATABASE_URL", required=True)
DATABASE_ROLE = ENV.text("DATABASE_ROLE", "callcrm_app")
if DATABASE_URL:
    DATABASE = environ.Env.db_url_config(DATABASE_URL)
    if "postgresql" not in DATABASE["ENGINE"]:
        ENV.problems.append("DATABASE_URL must begin with postgres://")
else:
    DATABASE = {"ENGINE": "callcrm.lib.embedded_engine", "NAME": "callcrm"}
DATABASE["ATOMIC_REQUESTS"] = False  # the middleware owns the transaction: a scope must be set inside it
DATABASE["CONN_MAX_AGE"] = 0  # the pool keeps connections; under ASGI anything else leaks them
DATABASE["OPTIONS"] = {
    "prepare_threshold": 5,  # for the statements that ask to be prepared (callcrm.lib.together); Django's own never do
    **DATABASE.get("OPTIONS", {}),
    **({} if AS_OWNER or DATABASE_ROLE == "none" else {"options": f"-c role={DATABASE_ROLE}"}),
}


def _pooled(most: int) -> dict[str, object]:
    pool = {"min_size": 1, "max_size": most, "timeout": 5}
    return {**DATABASE, "OPTIONS": {**DATABASE["OPTIONS"], "pool": pool}}


DATABASES = {
    "default": _pooled(8),
    # Counts must outlive the rollback of the request that they limit, so they have connections of their own.
    "counters": {**_pooled(4), "TEST": {"MIRROR": "default"}},
}
DATABASE_ROUTERS: list[str] = []
# The live feed listens for the length of a process, which a pooler of transactions does not allow.
LISTEN_DATABASE_URL = ENV.text("LISTEN_DATABASE_URL")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = ENV.text("REDIS_URL")
CACHES: dict[str, dict[str, object]] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "callcrm.lib.cache.PostgresCache", "LOCATION": "counters"}
}

# --- Who logs in

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "accounts.hashers.Argon2",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.Strength"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login"

AXES_HANDLER = "axes.handlers.cache.AxesCacheHandler"  # counts under hashes: what people typed is in no table
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # a name alone would let anybody lock anybody out
AXES_FAILURE_LIMIT = 10  # the exact limit is RATE_LIMIT_LOGIN, counted before the password is looked at
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False  # its log lines name the person
AXES_DISABLE_ACCESS_LOG = True  # who logged in stands in our own history

# --- How often (callcrm's own limits: accounts.limits)

RATE_LIMIT_API = ENV.rate("RATE_LIMIT_API", "200/15m")
RATE_LIMIT_API_ANONYMOUS = ENV.rate("RATE_LIMIT_API_ANONYMOUS", "100/15m")
RATE_LIMIT_LOGIN = ENV.rate("RATE_LIMIT_LOGIN", "5/15m")
RATE_LIMIT_LOGIN_ACCOUNT = ENV.rate("RATE_LIMIT_LOGIN_ACCOUNT", "20/h")
RATE_LIMIT_REGISTER = ENV.rate("RATE_LIMIT_REGISTER", "5/h")
RATE_LIMIT_CALLS = ENV.rate("RATE_LIMIT_CALLS", "60/h")
RATE_LIMIT_EXPORTS = ENV.rate("RATE_LIMIT_EXPORTS", "20/h")
RATE_LIMIT_PLAYS = ENV.rate("RATE_LIMIT_PLAYS", "120/h")
RATE_LIMIT_REVEALS = ENV.rate("RATE_LIMIT_REVEALS", "30/h")

# django-ratelimit knows Django's own cache backends only; ours counts atomically and is tested for it
SILENCED_SYSTEM_CHECKS = ["django_ratelimit.W001"]

# --- What browsers are told

# What else every answer says stands in callcrm.middleware.headers; some of these are for Django's own checks alone.
# A page can do nothing that is not listed. No inline script or style anywhere, so no nonce is needed.
FROM_US = ["script", "style", "img", "font", "connect", "media", "manifest"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        **{f"{kind}-src": [SELF] for kind in FROM_US},
        "form-action": [SELF],
        **{kind: [NONE] for kind in ("frame-ancestors", "base-uri", "object-src")},
        "upgrade-insecure-requests": PRODUCTION,
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_HTTPONLY = True  # htmx takes the token from the page
CSRF_COOKIE_SAMESITE = "Lax"

CSRF_FAILURE_VIEW = "callcrm.error_pages.csrf_failure"
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 60 * 60 if PRODUCTION else 0  # callcrm.middleware.HttpsOnly asks it too
SECURE_HSTS_INCLUDE_SUBDOMAINS = True

if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^api/", r"^webhooks/", r"^health"]  # programs must not begin in clear
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_SECURE = True
    CSRF_COOKIE_NAME = "__Host-csrf"
if TRUSTED_PROXY_DEPTH:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
# In memory alone: a temporary file would lie on the disk in clear.
FILE_UPLOAD_MAX_MEMORY_SIZE = DATA_UPLOAD_MAX_MEMORY_SIZE
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
WEBHOOK_MAX_BYTES = 256 * 1024
HELD_BODY_BYTES = 256 * 1024 * 1024  # of all requests of one process together
BODY_SECONDS = 60  # to arrive
REQUEST_SECONDS = 30  # to be answered
REQUEST_THREADS = 8  # as many as the database pool has connections
LIVE_STREAMS_PER_USER = 10  # of the live feed: a stream is a tab, or a browser that shares one
LIVE_STREAMS_PER_PROCESS = 500
LIVE_STREAMS_POLLED = 4  # per process, of a server without ASGI: each one holds a thread
SLOW_REQUEST_SECONDS = ENV.number("SLOW_REQUEST_SECONDS", 5, least=1, most=3600)

# --- What is written down

LOGGING = logs.config(VAR / "logs", app_file=not PRODUCTION)

# --- Files

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Sealed recordings (recordings.storage). Nothing else is kept as a file.
RECORDINGS_STORAGE_URL = ENV.storage("RECORDINGS_STORAGE_URL", (VAR / "recordings").as_uri())
if any(RECORDINGS_STORAGE_URL.startswith(served.as_uri()) for served in (STATIC_ROOT, *STATICFILES_DIRS)):
    ENV.problems.append(
        "RECORDINGS_STORAGE_URL must not lie among the static files, which everybody may read"
    )
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "callcrm.lib.statics.Statics"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = not PRODUCTION
WHITENOISE_ALLOW_ALL_ORIGINS = False

# --- API

DOCS_ENABLED = ENV.flag("DOCS_ENABLED", default=not PRODUCTION)
REST_FRAMEWORK: dict[str, object] = {
    "EXCEPTION_HANDLER": "callcrm.middleware.refusals.leave_to_refusals",
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],  # the doors of accounts.api_base decide
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "callcrm.lib.openapi.Operation",
    "DEFAULT_METADATA_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,  # ?format= is an unknown parameter like any other
}
SIMPLE_JWT: dict[str, object] = {
    "ISSUER": "callcrm",
    "AUDIENCE": "callcrm-api",
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=JWT_ACCESS_MINUTES),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=JWT_REFRESH_DAYS),
}
SPECTACULAR_SETTINGS: dict[str, object] = {
    "TITLE": "callcrm",
    "DESCRIPTION": "Calls, leads, texts and numbers of one business. A token belongs to one member of it.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "CallState": "telephony.api.CALL_STATES",
        "MessageState": "telephony.api.MESSAGE_STATES",
        "ReceiptState": "callcrm.webhooks.models.Receipt.State",
        "RecordingState": "recordings.api.STATES",
        "PhoneKind": "leads.models.LeadPhone.Kind",
        "SourceKind": "leads.models.Source.Kind",
        "ClosingReason": "telephony.models.Reason",
        "RecordingKind": "recordings.models.Recording.Kind",
        "LeadStatus": "leads.models.Lead.Status",
        "MergeSide": "leads.merging.SIDES",
        "CallProblemKind": "telephony.models.CallProblem.Kind",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False},
}

# --- Providers: the first business that is created takes these as its accounts

TWILIO_ACCOUNT_SID = ENV.text("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = ENV.text("TWILIO_AUTH_TOKEN")
TWILIO_API_BASE_URL = ENV.address("TWILIO_API_BASE_URL", "https://api.twilio.com")
# The practice provider is in the box: it calls the product where that listens.
PRACTICE_API_BASE_URL = PUBLIC_BASE_URL if PRODUCTION else f"http://127.0.0.1:{PORT}"

ENV.refuse_if_wrong()
