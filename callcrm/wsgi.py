"""The WSGI door, for servers without ASGI. It serves everything but the live feed's WebSocket."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callcrm.settings")
application = get_wsgi_application()
