"""gunicorn's own messages, in the same lines as everything else. Named by `gunicorn.conf.py`."""

from __future__ import annotations

import logging

from gunicorn.config import Config
from gunicorn.glogging import Logger

from callcrm.lib import logs


class ServerLog(Logger):
    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            for handler in list(logger.handlers):
                logger.removeHandler(handler)
        handler = logs.Stream()
        handler.setFormatter(logs.Line())
        self.error_log.addHandler(handler)
        self.access_log.addHandler(logging.NullHandler())
