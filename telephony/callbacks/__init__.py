"""Callbacks owed: everybody whose call or text was missed, until he was reached or a member says why not.

`owing.py` says what a person's tries and proofs make, without a database; `ledger.py` makes the rows say that.
`settling.py` is what members do about a debt, `spam.py` what becomes of it when its person is marked, `ranking.py` in
which order people are called back, `figures.py` how well that goes, `attempts.py` how often we called back in vain, and
`proofs.py` who may know what closed one.
"""
