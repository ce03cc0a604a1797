"""The real settings with the bench's own addresses and tables; logs go to the folder of the run."""

import os
from pathlib import Path

from callcrm.lib import logs
from callcrm.settings import *  # noqa: F403  # a settings file is the product's, changed below
from callcrm.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "bench"]
ROOT_URLCONF = "bench.urls"
LOGGING = logs.config(Path(os.environ["BENCH_FOLDER"]) / "logs", app_file=True)
