"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id with OWASP's 19 MiB: Django's 100 MiB would let sixteen log-ins at once take 1.6 GB."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
