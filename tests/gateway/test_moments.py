"""When a clock begins and stops is said in every language that we speak."""

from gateway.web.admin_words import slug


def test_every_shipped_clock_says_in_every_language_when_it_begins_and_stops(state):
    office = state.offices.current()
    known = set(office.phrases.keys())
    said = {words for rule in office.policy.clocks for words in (rule.starts, rule.stops)}
    unsaid = [
        (language, words)
        for language in office.phrases.languages()
        for words in sorted(said)
        if f"moment.{slug(words)}" not in known
    ]
    assert unsaid == []
    assert len({slug(words) for words in said}) == len(said), "no two share a key"
