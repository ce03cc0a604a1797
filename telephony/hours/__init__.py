"""Opening hours: when a business is open, by its own clock.

`week.py` answers without a database, `typed.py` reads hours as people type them, `opening.py` keeps which ones a
business has and changes them, `public_holidays.py` offers the days of a country, and `after_hours.py` notes of each
call how it was then.
"""
