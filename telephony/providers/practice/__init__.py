"""A telephony provider in the box: scripted callers, real signatures, real HTTP, no telephone.

It speaks Twilio's dialect, so that what is practised is what will happen. No development bypass exists or
is needed: it signs with the secret of the business's own practice account.
"""
