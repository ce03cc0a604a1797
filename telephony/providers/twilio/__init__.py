"""Twilio: calls and texts as forms over HTTPS, documents in TwiML."""
