"""Where Django looks for what the admin shows: `callcrm.administration`."""

from callcrm.administration import models

__all__ = ["models"]
