"""How fast callcrm is: `make bench`, which prints ratios and keeps nothing (what they mean: docs/performance.md).

Everything runs on a database and a server of its own, made for the run and removed after it. A figure is a ratio of
two things that were measured in turn within one run, because the machine's own speed changes from minute to minute;
every answer's status is checked and the rows are counted afterwards, and a run in which either is wrong is void.

`ground` makes the database, `seed` fills it, `server` and `load` are the two ends of the HTTP; `webhooks`, `lists`,
`searches` and `decryption` are the four parts; `report` does the arithmetic and the table.
"""
