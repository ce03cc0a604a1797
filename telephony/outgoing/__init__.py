"""Calling somebody: the member's own telephone rings first, then the person at the other end.

`calling.py` says whom we may call and makes the row, `placing.py` asks the provider once, `bridging.py` says what is
heard on the way, `stopping.py` ends it again, and `telephones.py` knows whose telephone rings.
"""
