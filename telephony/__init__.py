"""Calls, texts and the providers that carry them: from the signed webhook to the live feed."""
