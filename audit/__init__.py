"""What happened, told once and never changed: typed events, the append-only Entry, the history page."""
