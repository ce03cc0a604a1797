"""Exports: lists of calls as files, written by a job, sealed, masked, and gone after a day."""
