"""What the system knows: words, tables with their queries, journal, outbox, events.

Imports nothing of ours.
"""
