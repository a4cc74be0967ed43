"""AS-10: no name, minus eight degrees. The person gets a code with place and time, help does not
wait for a name, and a household that turns out later is linked and can be unlinked."""

from models.households import Belonging, Resident
from tests.gateway.people import application, said, signed_in
from tests.gateway.test_households import rows, tick

FOUND = "我是出租车司机，汽车站候车亭里有个男的冻得说不出话，叫什么问不出来，零下八度"
MOVED = "冇地方瞓，好凍，喺車站"


def test_a_person_without_a_name_is_helped_registered_and_later_known(state):
    app = application(state)
    number = said(state, "taxi", FOUND, "+8613912345550").number or ""
    tick(state)
    desk = signed_in(state, app, "op01")
    page = desk.get(f"/api/v1/requests/{number}").json()
    assert page["level"] in ("life_threat", "urgent"), "a name is no condition of help (I11)"
    answer = desk.act(
        number, "name_unknown", sex="M", age=40, place="汽车站候车亭", note="拒绝进站"
    )
    assert answer.status_code == 200
    (person,) = [one for one in rows(state, Resident) if one.code]
    assert person.code.startswith("unknown-M-40-20260930")
    assert (person.found_place, person.found_at) == ("汽车站候车亭", state.now())
    history = [one["kind"] for one in desk.get(f"/api/v1/requests/{number}").json()["events"]]
    assert "person_named_unknown" in history
    # Somebody knows him after all: the household is linked beside the code, which stays.
    assert desk.act(number, "link_household", household="HH00001").status_code == 200
    links = [(one.household_id, one.resident_id) for one in rows(state, Belonging)
             if one.state == "confirmed"]  # fmt: skip
    assert sorted(links, key=str) == sorted([(None, person.id), ("HH00001", None)], key=str)
    assert desk.act(number, "unlink_household", household="HH00001").status_code == 200
    (left,) = [one for one in rows(state, Belonging) if one.state == "confirmed"]
    assert left.resident_id == person.id


def test_the_cantonese_words_of_one_who_freezes_at_the_station_are_urgent(state):
    number = said(state, "text", MOVED, "+8613912345551").number or ""
    desk = signed_in(state, application(state), "op01")
    assert desk.get(f"/api/v1/requests/{number}").json()["level"] in ("life_threat", "urgent")
