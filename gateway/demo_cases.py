"""Some hundred invented cases, entered through the real path, so that every screen has life."""

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random

import tomli

from gateway import recorded
from gateway.county import demo_file
from gateway.intake import Call
from referral.office import Office

HOW_MANY = 200
DAYS = 12
_SEED = 20261101
_EVERY = 12
"""Every so manyth call comes from a household of the register, by its own telephone."""
_BY_THEMSELVES = ("phone", "sms", "chat", "web_form")
_OWN = (
    "家里米面快吃完了，这个月的钱还没到，能不能先帮一帮",
    "想问低保要带哪些材料",
    "住院自费花了不少，想申请医疗救助",
    "屋顶漏雨，想申请危房改造",
    "孩子开学的学费还差一些，想问有没有教育救助",
)


def calls(office: Office, now: datetime) -> Iterator[Call]:
    """The calls of the last days, oldest first; the same ones for the same ``now``."""
    random = Random(_SEED)  # noqa: S311 nothing secret
    kinds = tomli.loads(demo_file("cases.toml"))["case"]
    villages = [place for place in office.directory.places if place.kind == "village"]
    workers = [o for o in office.directory.officers if o.role in ("grid_worker", "village_cadre")]
    homes = _homes()
    minutes = sorted(random.randrange(2, DAYS * 24 * 60) for _ in range(HOW_MANY))
    for index, ago in enumerate(reversed(minutes)):
        kind = random.choices(kinds, weights=[len(kind["texts"]) for kind in kinds])[0]
        village = random.choice(villages)
        township = office.directory.place[village.parent or village.code]
        reporter = random.choice(workers) if kind.get("reporter") else None
        if reporter is not None and reporter.area:
            village = next((v for v in villages if v.code in reporter.area), village)
        name = random.choice("赵钱孙李周吴郑王冯陈") + random.choice(("大爷", "大妈", "师傅", "婶"))
        address = f"{township.name}{village.name}{random.randint(1, 60)}号"
        text = random.choice(kind["texts"]).format(
            village=village.name, township=township.name, address=address, name=name
        )
        sender = reporter.login if reporter else f"+8619900{random.randrange(10**6):06d}"
        if kind["channel"] in _BY_THEMSELVES and index % _EVERY == 0:
            home = next(homes)
            sender = f"+86{home['phones'].split(';')[0]}"
            text = (
                f"我是{home['head_name']}，住{home['address']}。{_OWN[index // _EVERY % len(_OWN)]}"
            )
        record = recorded.Recorded(
            channel=kind["channel"],
            external_id=f"demo-{index}",
            sender=sender,
            text=text,
            at=now - timedelta(minutes=ago),
            reporter=reporter.login if reporter else None,
        )
        body = record.model_dump_json(exclude_defaults=True).encode()
        yield recorded.call_of(record, body, record.at or now)


def _homes() -> Iterator[Mapping[str, str]]:
    """Households of the register in an order of their own."""
    rows = list(csv.DictReader(demo_file("households.csv").splitlines()))
    Random(_SEED).shuffle(rows)  # noqa: S311 nothing secret
    yield from (row for row in rows if row["phones"])
