"""The ASGI door: pages, API, webhooks and the live feed in one process (see Procfile)."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callcrm.settings")
application = get_asgi_application()
