"""How long recordings stay, and how they go.

`rules.py` says what goes tonight, `holds.py` what nothing deletes, `deletions.py` what deleting one
means, and `ends.py` in which words.
"""
