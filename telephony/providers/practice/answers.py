"""The practice provider reads Twilio's documents: what a practice caller hears is what a caller will hear."""

from telephony.providers.twilio.answers import CONTENT_TYPE, after_dial, empty, forward, hang_up, say

__all__ = ["CONTENT_TYPE", "after_dial", "empty", "forward", "hang_up", "say"]
