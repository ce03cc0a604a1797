#!/usr/bin/env python
"""Run callcrm's commands: `.venv/bin/python manage.py help`."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callcrm.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # the settings say what is wrong; where they said it helps nobody
        sys.exit(str(error))
