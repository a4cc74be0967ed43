"""The rules of triage as data: danger signals, cues, topics, sounds. No code, no expressions."""
