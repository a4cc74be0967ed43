"""What members of staff and citizens write in a chat, through the whole path."""

from models.outbox import Outgoing
from models.requests import Contact, HelpRequest
from tests.gateway.world import World, update, world

WATER = "我家停水三天了 http://a.example"


def wrote(system: World, number: int, text: str = "", **more: object) -> None:
    assert system.telegram(update(number, text, **more)).status_code == 200


def edited(system: World, number: int, text: str, *, after: int = 3) -> None:
    """The message of this number in other words."""
    message = update(number, text)["message"]
    message |= {"edit_date": message["date"] + after}
    told = {"update_id": 800_000_000 + number * 1_000 + after, "edited_message": message}
    assert system.telegram(told).status_code == 200


def test_an_edit_that_changes_nothing_is_no_further_contact(settings, now):
    with world(settings, now) as system:
        wrote(system, 1, WATER)
        told = len(system.all(Outgoing))
        edited(system, 1, WATER)
        assert len(system.all(Contact)) == 1
        assert len(system.all(Outgoing)) == told
        edited(system, 1, "我家停水五天了", after=5)
        edited(system, 1, "我家停水五天了", after=9)
        assert [contact.text for contact in system.all(Contact)] == [WATER, "我家停水五天了"]
        assert len(system.all(HelpRequest)) == 1


def test_who_only_opened_a_link_to_us_has_begun_no_request(settings, now):
    with world(settings, now) as system:
        entities = [{"type": "bot_command", "offset": 0, "length": 6}]
        wrote(system, 1, "/start poster_17", entities=entities)
        assert system.all(Contact) == []
        assert [row.phrase for row in system.all(Outgoing)] == ["chat.welcome"]
