"""The one path: a call for help is kept, understood, sent to the right bureau, and answered.

Read this file first. ``receive`` verifies and reads a provider's call; the writer then works
through whatever waits in one transaction (``_work``), one call after the other (``_admit``):

    keep it (journal) -> whose is it (recall) -> what does it mean (triage) -> who must act, by when
    (referral) -> what is said to whom (outbox) -> remember it (events) -> commit -> answer

Nothing is answered before the commit. If understanding fails, only the understanding is undone:
the call stays in the holding pen with its error, the citizen has a number, and a retry or a person
finishes it. A database that is locked or away raises ``Busy``: the provider is told to repeat.
"""

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from ssl import RAND_bytes  # unlike os.urandom it does not let go of the GIL: writers go on

from sqlalchemy.exc import SQLAlchemyError

from channels import Channel
from gateway import (
    belonging,
    canaries,
    conversations,
    guessing,
    holding,
    naming_first,
    quieting,
    recall,
    set_apart,
    unproven,
)
from gateway.cleaning import clean
from gateway.entries import keep, record
from gateway.recall import Acquaintance, Recall
from models import people
from models.messages import (
    Canary,
    DeliveryReport,
    Happening,
    Inbound,
    Outcome,
    Preference,
    Raw,
    Turn,
    Unreadable,
)
from models.transaction import Row, Transaction
from models.vocabulary import ContactState, Level, Track
from models.writer import Writer
from referral.joining import attach
from referral.office import Arrival, Office, wordless
from referral.opening import open_request
from triage.assess import Assessment
from triage.language import guess_language

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Call:
    """One authentic call on its way in. ``source`` is the channel word of domain note 3a."""

    channel: str
    source: str
    address_kind: str
    raw: Raw
    now: datetime
    digest: bytes
    provider_key: str | None = None
    happenings: Sequence[Happening] = ()
    problem: Exception | None = None
    adapter: Channel | None = None
    read: dict[str, Assessment] = field(default_factory=dict)
    kept: Row | None = None  # the journal row, when the call comes back out of the holding pen
    number: str | None = None  # what it was given in the holding pen, for its first request
    code: str | None = None
    origin: tuple[str, str] | None = None  # whence, where nobody has proven who sends
    printed_at: datetime | None = None  # when the form was printed that was sent
    talk: str = ""  # the telephone call of which this is a turn


class Intake:
    """Wires the path together for one process. ``office`` gives the rules in force."""

    def __init__(
        self,
        writer_of: Callable[..., "Writer[Call, Outcome]"],
        channels: Mapping[str, Channel],
        office: Callable[[], Office],
    ) -> None:
        self._channels = channels
        self._office = office
        self._writer = writer_of(ready=self._judge, work=self._work, rescue=self._rescue)

    def receive(
        self, channel: Channel, raw: Raw, now: datetime, *, address: str = ""
    ) -> "Future[Outcome]":
        """Verify, read and queue one call; the future is done when it is kept. ``address`` is from
        where it came, and counts only where a form and no provider sends it.

        Raises ``Forged`` (nothing is written), ``Unreadable`` (no body of this provider at all)
        or ``Busy`` (come again); the future may raise ``Busy`` as well.
        """
        channel.verify(raw)
        call = self.read(channel, raw, now)
        if channel.typed:
            call.origin = ("address", guessing.network(address)) if address else None
            call.printed_at = channel.printed_at(raw)
        return self.submit(call)

    def read(self, channel: Channel, raw: Raw, now: datetime, key: str | None = None) -> Call:
        """What an authentic call says. A call that cannot be understood is still a call. ``key``
        is the one under which it is kept already."""
        call = Call(
            channel=channel.name,
            source=channel.source,
            address_kind=channel.address_kind,
            raw=raw,
            now=now,
            digest=channel.digest(raw),
            adapter=channel,
        )
        try:
            call.provider_key = channel.key(raw)
            call.happenings = [clean(happening) for happening in channel.parse(raw)]
        except Unreadable:
            raise
        except Exception as error:  # a poison call is kept and quarantined, never refused
            call.problem = error
        set_apart.bear(call, key)
        return call

    def submit(self, call: Call) -> "Future[Outcome]":
        """Queue a call that was read."""
        return self._writer.submit(call)

    def close(self) -> None:
        """Finish what waits."""
        self._writer.close()

    def _judge(self, calls: Sequence[Call]) -> None:
        """What the words of a batch mean by themselves, before its transaction is opened. In the
        writer's thread: who takes the calls is not kept from the next ones by it."""
        office = self._office()
        for call in calls:
            try:
                call.happenings = canaries.seen_in(office.guessing_key, call.happenings, call.now)
                for happening in call.happenings:
                    inbound = happening.message if isinstance(happening, Turn) else happening
                    if isinstance(inbound, Inbound):
                        read = office.assess(inbound.text, call.source, inbound)
                        call.read[inbound.text] = read
            except Exception as error:
                call.problem = call.problem or error

    def _work(self, tx: Transaction, calls: Sequence[Call]) -> list[Outcome]:
        known = recall.load(tx, calls)
        return [self._admit(tx, call, known) for call in calls]

    def _admit(self, tx: Transaction, call: Call, known: Recall) -> Outcome:
        earlier = known.entry(call) if call.kept is None else holding.left_meanwhile(call)
        if earlier is not None and call.kept is None:
            earlier = set_apart.of(tx, call, earlier, known)
        if earlier is not None:
            return conversations.repeated(tx, self._office(), call, earlier)
        entry = call.kept or keep(tx, call)
        office, belongs = self._office(), entry["request_id"]
        mark = tx.mark()
        try:
            if call.problem is not None:
                raise call.problem
            with known.trial():
                outcome = self._understand(tx, call, entry=entry, known=known, office=office)
        except SQLAlchemyError:
            raise
        except Exception as error:
            log.warning("kept in the holding pen", extra={"journal": entry["id"]}, exc_info=error)
            tx.undo(mark)
            entry["request_id"] = belongs
            outcome = holding.hold(tx, office, call, entry=entry, error=error)
        known.remember(call, conversations.Earlier.of(entry, outcome, call))
        return outcome

    def _rescue(self, tx: Transaction, call: Call, error: Exception) -> Outcome:
        """The database refused a row of this call alone: keep the call itself, held."""
        recall.refresh(tx, [call])
        if (earlier := holding.left_meanwhile(call)) is not None:
            return conversations.repeated(tx, self._office(), call, earlier)
        call.happenings = ()  # what could not be written must not be tried again here
        entry = call.kept or keep(tx, call)
        return holding.hold(tx, self._office(), call, entry=entry, error=error)

    def _understand(
        self, tx: Transaction, call: Call, *, entry: Row, known: Recall, office: Office
    ) -> Outcome:
        outcome = Outcome()
        for happening in call.happenings:
            match happening:
                case Inbound():
                    outcome = self._contact(tx, call, happening, entry=entry, known=known)
                case Turn():
                    outcome = conversations.turn(
                        tx, office, call, happening, known=known, contact=self._contact, entry=entry
                    )
                case Canary():
                    canaries.home(tx, call, happening, entry)
                case DeliveryReport():
                    conversations.report(tx, office, call, happening)
                case Preference():
                    who = known.meet(tx, call.address_kind, happening.sender, call.now)
                    people.prefer(tx, who.address_id, stop=happening.stop, now=call.now)
                    tx.event("opted_out" if happening.stop else "opted_in", at=call.now)
        holding.finished(tx, call, entry=entry, outcome=outcome)
        return outcome

    def _contact(
        self, tx: Transaction, call: Call, inbound: Inbound, *, entry: Row, known: Recall
    ) -> Outcome:
        """One contact: attached to its sender's open request, or the beginning of a new one."""
        office = self._office()
        before = known.contacts.get((call.channel, inbound.external_id))
        if before is not None and before.state != ContactState.HOLDING_PEN:
            return conversations.met_before(before)
        handle = recall.handle_of(call, inbound)
        who = known.meet(tx, *handle, call.now)
        language = inbound.language or who.language or guess_language(inbound.text)
        inbound, who = naming_first.named(tx, office, call, inbound, who)
        near = belonging.open_to(call, inbound, who, office.directory)
        assessment = self._assess(office, call, inbound, near)
        quiet = quieting.reason(tx, office, call)
        arrival = Arrival(
            inbound=inbound,
            channel=call.channel,
            source=call.source,
            now=call.now,
            said_at=inbound.at or call.now,
            journal_id=entry["id"],
            person_id=who.person_id,
            language=language,
            assessment=assessment,
            reply=None if quiet else office.reply_to(call.address_kind, inbound),
            stopped=who.stopped,
            newcomer=who.newcomer,
            salt="" if before else RAND_bytes(16).hex(),
        )
        joins = near.joins(assessment, call.now)
        if joins is None:
            number, call.number = call.number, None
            request = open_request(tx, office, arrival, number=number, code=call.code)
        else:
            request = attach(tx, office, arrival, joins)
            request = unproven.spoken(tx, office, call, arrival, request)
        record(tx, arrival, request, before)
        if quiet:
            quieting.note(tx, office, request, quiet, call.now)
        entry["request_id"] = request["id"]
        if handle[1]:
            known.people[handle] = who.having_said(inbound, call.now, request)
        return Outcome(
            number=request["number"],
            code=request["code"],
            opened=joins is None,
            level=Level(request["level"]),
            language=language,
        )

    def _assess(
        self, office: Office, call: Call, inbound: Inbound, near: Acquaintance
    ) -> Assessment:
        """The verdict on the words; together with the words just before, if those make it worse."""
        read = None if wordless(inbound) else call.read.get(inbound.text)
        alone = read or office.assess(inbound.text, call.source, inbound)
        apart = inbound.missed or not (inbound.text and near.goes_on(inbound.reporter, call.now))
        if apart or alone.level is Level.LIFE_THREAT:
            return alone
        joined = dataclasses.replace(inbound, text=near.lately + inbound.text)
        together = office.assess(joined.text, call.source, joined)
        if alone.track is Track.GRIEVANCE and near.has_said(together.level):
            return alone  # nothing new but a complaint, which stands apart (I9)
        return together if together.level.rank < alone.level.rank else alone
