"""What is wrong with a call: whoever sees it reports it (`reports.py`), who runs the business says what came of it."""
