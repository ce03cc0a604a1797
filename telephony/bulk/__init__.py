"""What staff say of many calls at once, and taking it back.

`changes.py` is about the calls, `debts.py` about what is owed for them, `people.py` about who called.
"""
