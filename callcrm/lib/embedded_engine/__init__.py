"""The database engine of development: PostgreSQL, started when it is first asked something."""
