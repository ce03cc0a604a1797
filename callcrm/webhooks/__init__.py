"""Every delivery of every provider: verified, kept, applied, answered. Shared by telephony and payments."""
