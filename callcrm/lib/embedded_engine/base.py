"""Django's PostgreSQL engine over the embedded server.

Settings can thus be read (by checkers of types, by `check`, by `collectstatic`) without starting a database;
the first connection starts or joins it. Production and tests use Django's own engine with DATABASE_URL.
"""

from collections.abc import Iterable
from typing import Any

from django.db.backends.postgresql import base, client

from callcrm.lib import embedded_pg


def _address() -> dict[str, Any]:
    server = embedded_pg.joined()
    host = str(server.socket_folder)
    return {"HOST": host, "PORT": embedded_pg.PORT, "USER": embedded_pg.LOGIN, "PASSWORD": server.password}


class DatabaseClient(client.DatabaseClient):
    def runshell(self, parameters: Iterable[str]) -> None:
        self.connection.settings_dict.update(_address())
        super().runshell(parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        self.settings_dict.update(_address())
        return super().get_connection_params()
