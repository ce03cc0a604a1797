"""Sealing of personal data with AES-256-GCM: bytes (`envelope`), files (`chunks`), master keys (`keys`).

`blind` makes search tokens; `fields` puts all of it behind model fields. Nothing here logs, and no exception
carries a value or a key.
It sits above nothing but `cryptography` and Django: whose key it is, `accounts.keys` decides.
"""
