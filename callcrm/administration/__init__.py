"""`/admin/`: for platform superusers, and blind to businesses.

What belongs to a business is seen only while its superuser visits it (`accounts.visits`), masked, and never changed
here; without a visit those lists are empty, because the database says so. Users and businesses can be changed; every
change is an event. No page counts a big table, and none shows a hash, a secret or a sealed value.

`site.py` is the door, `shown.py` what all lists have in common; the rest says what is shown of each model.
"""

from callcrm.administration.site import site

__all__ = ["site"]
