"""Sealing of personal data: AES-256-GCM bytes (`envelope`), master keys (`keys`), search tokens (`blind`).

`fields` puts them behind model fields. Nothing here logs, and no exception carries a value or a key.
It sits above nothing but `cryptography` and Django: whose key it is, `accounts.keys` decides.
"""
