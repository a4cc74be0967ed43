"""Who must act, by when, and what has been promised."""
