"""One module a command; ``gateway.__main__`` imports the one that is asked for."""
