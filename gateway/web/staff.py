"""What the pages of staff share: the session, forms with their token, refusals as pages.

The pages work without script. A change is a form whose token belongs to the session; a refusal is
shown on the page it came from, with what was typed still in its fields.
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute

from gateway import access, hooks, refusals, same_site, second_factor, sentences, sessions
from gateway.access import Actor
from gateway.called import caller
from gateway.web import along, held_back, known, rendering, unsent
from gateway.web.held_back import HeldBack
from gateway.web.kept_first import written
from gateway.web.rendering import state_of
from gateway.web.unsent import Unsent
from models.messages import Unreadable
from referral.casework import FIELD, Refusal
from referral.lifecycle import Impossible

MOST_FIELDS = 60
Form = Mapping[str, str]


class Typed(dict[str, str]):
    """What was typed into a form; a field that was not is empty."""

    def __missing__(self, _field: str) -> str:
        return ""


class StaffRoute(APIRoute):
    """A route for signed-in staff: who is not is sent to sign in, a refusal is a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with its outcome shown."""
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                return await handler(request)
            except sessions.NotSignedIn:
                if asked_by_script(request):
                    return Response(status_code=401)
                return await _to_sign_in(request)
            except sessions.NotConfirmed:
                if request.method == "GET":
                    back = quote(request.url.path)
                    return RedirectResponse(f"/account/confirm?next={back}", 303)
                held = held_back.sent(request, getattr(request.state, "sent", {}))
                return confirm_page(request, held.page, held=held, status=401)
            except (Refusal, Impossible) as error:
                refusals.note(request, state_of(request), error)
                return staff_page(
                    request,
                    "refused_part.html" if asked_by_script(request) else "refused.html",
                    status=sentences.status_of(error),
                    error=worded(request, error),
                    looking=request.method == "GET",
                    kept=_lost(request) if error.key == "refusal.csrf" else {},
                )

        return guarded


def _lost(request: Request) -> dict[str, str]:
    """What was typed on a page whose session is gone, to be copied: somebody else may have signed
    in meanwhile. Nothing of a form of another site."""
    words = unsent.typed(request.url.path, getattr(request.state, "sent", {})).words
    return {str(at): text for at, text in enumerate(words)}


async def _to_sign_in(request: Request) -> Response:
    """The way to sign in; what was typed into a form of ours comes along, for the sign-in may have
    run out under somebody's hands."""
    path = request.url.path
    if request.method == "GET":
        return RedirectResponse(f"/sign-in?next={quote(path)}", 303)
    try:
        left = unsent.typed(path, await _fields(request))
    except (Refusal, hooks.TooLarge, Unreadable, RuntimeError):
        left = unsent.typed(path, {})  # of another site, too large, broken, or read before
    if not left.fields:
        return RedirectResponse(f"/sign-in?next={quote(left.page)}", 303)
    return sign_in_page(request, status=401, wanted=left.page, left=left)


async def _fields(request: Request) -> Form:
    """The fields of a form with files or without; the files have to be chosen again."""
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return await form_of(request)
    require_own_form(request)
    return (await written(request, state_of(request).settings.body_limit)).fields


def sign_in_page(
    request: Request,
    *,
    status: int = 200,
    error: str = "",
    login: str = "",
    wanted: str = "",
    left: Unsent | None = None,
) -> Response:
    """The form to sign in; ``left`` is what somebody had typed and not sent."""
    sso = bool(state_of(request).settings.oidc_issuer)
    carried = left is not None and sso and along.fits(request, left)
    answer = staff_page(
        request,
        "sign_in.html",
        status=status,
        error=error,
        login=login,
        next=wanted,
        left=left,
        sso=sso,
        onward=f"/sso?next={quote(wanted)}" if wanted else "/sso",
        carried=carried,
    )
    if left is not None and carried:
        along.give(request, answer, left)
    else:
        along.forget(request, answer)  # of who gave up, or went another way
    return answer


def confirm_page(
    request: Request,
    wanted: str,
    *,
    held: HeldBack | None = None,
    status: int = 200,
    error: str = "",
) -> Response:
    """Who is at the keyboard? ``held`` is a form that was sent and waits for the proof."""
    login = request.state.signed_in.actor.login
    with state_of(request).database.read() as reading:
        has_code = second_factor.is_set(reading.connection(), login)
    return staff_page(
        request, "confirm.html", status=status, error=error, has_code=has_code, next=wanted,
        held=held,
    )  # fmt: skip


def asked_by_script(request: Request) -> bool:
    """Whether a page asks for a part of itself, so that a whole page would be no answer."""
    stream = request.headers.get("accept") == "text/event-stream"
    return stream or "hx-request" in request.headers


def session_of(request: Request) -> sessions.SignedIn:
    """Who is signed in. Raises ``NotSignedIn``."""
    state = state_of(request)
    key = request.cookies.get(sessions.cookie_name(state.settings))
    found = sessions.signed_in(state, key, touch=sessions.is_by_hand(request.headers))
    request.state.signed_in = found
    return found


def require_own_form(request: Request) -> None:
    """Raise ``Refusal`` (403) when a browser says that another site sends this form."""
    same_site.require_same_site(
        state_of(request).settings,
        request.headers.get("host", ""),
        request.headers.get("origin"),
        request.headers.get("sec-fetch-site"),
    )


async def form_of(request: Request) -> Form:
    """The fields of a form that this site sent, within the limit of a body. Raises ``Refusal``
    (403) for a form of another site."""
    require_own_form(request)
    state = state_of(request)
    raw = await hooks.raw_of(request, state.settings, "")
    text = raw.body.decode("utf-8", "replace").replace("\0", "")
    try:
        fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise Refusal("refusal.body", {"what": "form"}, 422) from None
    request.state.sent = fields
    return fields


SignedIn = Annotated[sessions.SignedIn, Depends(session_of)]
Fields = Annotated[Mapping[str, str], Depends(form_of)]


def checked(session: sessions.SignedIn, form: Form) -> dict[str, str]:
    """The fields without the token, which must be the session's own. Raises ``Refusal``."""
    sessions.require_token(session, form.get("csrf"))
    return {name: value for name, value in form.items() if name != "csrf"}


def worded(request: Request, error: Refusal | Impossible) -> str:
    """A refusal as a sentence in the page's language."""
    office, language = state_of(request).offices.current(), rendering.language_of(request)
    return sentences.sentence(office.phrases, error, language, caller(office, language))


def faults_of(request: Request, error: Refusal | Impossible) -> dict[str, str]:
    """What a refusal says of which field, in the page's language."""
    office, language = state_of(request).offices.current(), rendering.language_of(request)
    return sentences.faults(office.phrases, error, language, caller(office, language))


def staff_page(
    request: Request, template: str, *, status: int = 200, **context: Any
) -> HTMLResponse:
    """A page with who is signed in, the session's token and ``word(family, code)``."""
    phrases = state_of(request).offices.current().phrases
    language = rendering.language_of(request)
    session: sessions.SignedIn | None = getattr(request.state, "signed_in", None)
    me = session.actor if session else None

    def word(family: str, code: str | None) -> str:
        return sentences.word(phrases, family, str(code), language) if code else ""

    return rendering.page(
        request,
        template,
        status=status,
        for_staff=True,
        me=me,
        csrf=session.csrf if session else "",
        way_back=home(me) if me else "/sign-in",
        word=word,
        may=frozenset(act for act, roles in access.RIGHTS.items() if me and me.role in roles),
        **context,
    )


def origin_of(request: Request) -> tuple[str, str]:
    """From which address and with which program somebody comes."""
    return request.client.host if request.client else "", request.headers.get("user-agent", "")


def let_in(request: Request, key: str, wanted: str) -> Response:
    """The cookie of a new session, and the way to work or to the second factor that is owed."""
    state = state_of(request)
    if sessions.half_way(state, key) is not None:
        answer: Response = RedirectResponse(f"/second-factor?next={quote(inside(wanted))}", 303)
    else:
        actor = sessions.signed_in(state, key).actor
        answer = RedirectResponse(inside(wanted) or home(actor), 303)
        known.remember(request, answer, actor.login)
    return with_session(request, answer, key)


def with_session(request: Request, answer: Response, key: str) -> Response:
    """The answer with the cookie of a session."""
    state = state_of(request)
    answer.set_cookie(
        sessions.cookie_name(state.settings),
        key,
        max_age=int(sessions.LONGEST.total_seconds()),
        httponly=True,
        secure=sessions.is_secure(state.settings),
        samesite="lax",
        path="/",
    )
    return answer


def inside(wanted: str) -> str:
    """The address if it is a page of ours to go on to, else nothing."""
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\", "/sign-"))
    return wanted if ours and wanted.isprintable() else ""


def home(actor: Actor) -> str:
    """Where this role begins its day: who is out in the field, with the doors and reports."""
    return "/field" if actor.role in FIELD else workplace(actor)


def workplace(actor: Actor) -> str:
    """Under which address this role works on requests."""
    return "/desk" if actor.role in access.RIGHTS["see_desk"] else "/inbox"
