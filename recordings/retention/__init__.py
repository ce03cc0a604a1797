"""How long recordings stay, and how they go.

`rules.py` says what goes tonight, `holds.py` what nothing deletes, and `deletions.py` what deleting one means.
"""
