"""The real settings for a server that tests listen to: its logs are kept apart, and it looks again sooner."""

import os
from pathlib import Path

from callcrm.lib import logs
from callcrm.settings import *  # noqa: F403  # a settings file is the product's, changed below

LOGGING = logs.config(Path(os.environ["LOG_FOLDER"]), app_file=True)
LIVE_STREAMS_PER_USER = 4
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]  # noqa: F405  as in all tests
