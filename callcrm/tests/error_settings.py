"""The real settings with addresses that go wrong and little patience, for a server that tests torment."""

import os
from pathlib import Path

from callcrm.lib import logs
from callcrm.settings import *  # noqa: F403  # a settings file is the product's, changed below

ROOT_URLCONF = "callcrm.tests.error_urls"
REQUEST_THREADS = 3
REQUEST_SECONDS = 2
BODY_SECONDS = 1
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
HELD_BODY_BYTES = 3 * 1024 * 1024
DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 2, "timeout": 1}  # type: ignore[index]  # noqa: F405  # what the star above brings
LOGGING = logs.config(Path(os.environ["LOG_FOLDER"]), app_file=True)
AS_OWNER = True  # its database holds no business, and may have no other role
