"""What is left of a call: recordings and their states."""
