"""Who may do what: users, businesses, members, permissions, doors, limits, keys, tokens and log-in."""
