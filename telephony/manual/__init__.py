"""Calls that no provider tells of: a member logs them by hand (`entries.py`), on a page or over the API."""
