"""The columns of every export, in their order: what a table says that has no rows."""

from collections.abc import Mapping

HEADS: Mapping[str, tuple[str, ...]] = {
    "contacts": (
        "id", "channel", "external_id", "sender", "text", "at", "received_at", "state",
        "number", "error", "level", "place", "reporter", "media",
    ),
    "requests": (
        "number", "status", "track", "level", "service", "area", "lead_bureau",
        "first_responder", "holder_unit", "holder_person", "received_at", "closed_at",
        "contacts", "close_reason", "route", "channel", "confirmed_at", "policy",
        "second_opinion", "merged_into", "resolved", "satisfaction",
    ),
    "referrals": (
        "number", "bureau", "role", "status", "dispatched_at", "due_at", "signed_at",
        "completed_at", "decided_by", "signed_by", "designated", "original_due_at",
        "provisional",
    ),
    "clocks": (
        "number", "clock", "case", "unit", "amount", "measure", "started_at", "due_at",
        "paused", "stopped_at", "breached_at", "provisional", "source", "tag", "policy",
    ),
    "events": (
        "seq", "at", "number", "kind", "by", "detail", "hash", "previous",
    ),
    "outbox": (
        "id", "number", "to", "channel", "phrase", "state", "attempts", "provider_id",
        "posted_at", "sent_at", "delivered_at", "text", "urgent", "staff", "error",
    ),
    "households": (
        "household_id", "head_name", "members", "phones", "address", "area", "categories",
        "note", "version", "ended_at", "ended_why", "moved_to",
    ),
    "relief": (
        "relief", "number", "amount", "kind", "state", "green", "household_id", "recipient",
        "area", "service", "need", "cause", "words", "form", "goods", "standard", "fund",
        "unit", "giver", "judgements", "proposed_at", "proposed_by", "guards", "reason",
        "agreed_by", "asked_unit", "asked_until", "stage", "authorised_at", "authorised_by",
        "authorised_how", "delivered_at", "delivered_by", "second_officer", "place",
        "received_by", "witness", "proof", "lifted_at", "lifted_by", "explain_due_at",
        "explain_source", "explain_tag", "overdue_at", "explained_at", "explained_by",
        "explanation", "signatures", "notice", "notice_source", "published_at", "published_by",
        "filed_at", "filed_with", "kin", "kin_of", "ended_at", "ended_by", "ended_why",
        "policy", "erased_at", "resident_id", "follows", "decision", "decided_by",
        "decided_amount", "stages",
    ),
    "aid_entries": (
        "id", "at", "kind", "amount", "reserve", "relief", "undoes", "counted", "book", "by",
        "unit", "voucher", "reason",
    ),
}  # fmt: skip
