"""The practice provider reads Twilio's documents: what a practice caller hears is what a caller will hear."""

from telephony.providers.twilio.answers import CONTENT_TYPE, document

__all__ = ["CONTENT_TYPE", "document"]
