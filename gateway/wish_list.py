"""What a person who asked to be erased is told, in one list: what is gone, what stays, for how
long, and the duty that keeps it."""

from collections.abc import Callable, Iterator, Sequence

from gateway import retention
from gateway.wishes import Fate


def lines(
    say: Callable[..., str], fates: Sequence[Fate], *, by: str, hotline: str
) -> Iterator[str]:
    """The list, line by line; ``say`` speaks the person's language."""
    yield say("wish.head", by=by)
    for fate in fates:
        if fate.gone:
            yield say("wish.gone", what=say(f"wish.what.{fate.name}"), count=fate.gone)
    yield from kept(say, fates)
    yield say("wish.foot", hotline=hotline)


def kept(say: Callable[..., str], fates: Sequence[Fate]) -> Iterator[str]:
    """What stays, how long and on what ground."""
    for fate in fates:
        if fate.stays:
            rule = retention.rules()[fate.name]
            yield say(
                "wish.stays",
                what=say(f"wish.what.{fate.name}"),
                count=fate.stays,
                until=say(f"wish.until.{fate.name}", days=rule.days),
                ground=rule.ground or say("wish.under_way"),
            )
