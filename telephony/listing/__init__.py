"""The list of calls: which ones it shows, how it looks to a member, and how it follows what happens.

`filters.py` checks what an address asks for and `chips.py` draws it; `listed.py` finds the calls, `columns.py` and
`saved_views.py` keep how a member looks at them, `following.py` and `counts.py` are asked once the page is there.
`panel_pages.py` opens a call below its row, and `panel_acts.py` does there what pages do. A page of its own for a call
is in `telephony/pages.py`.
"""
