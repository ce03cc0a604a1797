"""Listening to a recording, and what stands beside it.

`playbacks.py` gives a member a link for one session, `ranges.py` answers with the part that a player asks for,
`waveform.py` draws what it sounds like, and `pause_marks.py` says where in it nothing was recorded. `notes.py` keeps
what members write at a moment and `note_pages.py` lets them change it; `transcripts.py` keeps what was said.
"""
