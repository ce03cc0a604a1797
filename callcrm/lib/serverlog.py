"""gunicorn's own messages, in the same lines as everything else. Named by `gunicorn.conf.py`."""

from __future__ import annotations

import logging
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # it ships none

from callcrm.lib import logs


class ServerLog(Logger):  # type: ignore[misc]  # gunicorn ships no types
    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            for handler in list(logger.handlers):
                logger.removeHandler(handler)
        handler = logs.Stream()
        handler.setFormatter(logs.Line())
        self.error_log.addHandler(handler)
        self.access_log.addHandler(logging.NullHandler())
