"""The outer layers of every request, each sync-only: a request crosses to a thread once (`callcrm.lib.handler`).

`RequestContext` says who asks and writes the request's line, `SecurityHeaders` dresses every answer,
`Refusals` turns errors into answers, `HttpsOnly` sends plain requests away. In settings they stand in this
order, before all others.
"""

from callcrm.middleware.context import RequestContext
from callcrm.middleware.headers import HttpsOnly, SecurityHeaders
from callcrm.middleware.refusals import Refusals

__all__ = ["HttpsOnly", "Refusals", "RequestContext", "SecurityHeaders"]
