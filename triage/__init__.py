"""What a text means. Pure: no clock, no database, no network, no logging."""
