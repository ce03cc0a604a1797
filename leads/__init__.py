"""The people who call: sealed leads, their phones and notes, where they came from, how they are found."""
