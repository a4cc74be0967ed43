"""Forms of other sites: what a browser says about where a form comes from."""

from urllib.parse import urlsplit

from gateway.settings import Settings
from referral.casework import Refusal


def require_same_site(settings: Settings, host: str, origin: str | None, site: str | None) -> None:
    """Raise ``Refusal`` (403) when a browser says that another site sends this form (Origin and
    Sec-Fetch-Site; what is no browser sends neither and has no cookie to abuse)."""
    if site not in (None, "same-origin", "none"):
        raise Refusal("refusal.csrf", status=403)
    if origin is None or site == "same-origin":
        return
    own = {host, urlsplit(settings.public_url).netloc}
    if urlsplit(origin).netloc not in own:
        raise Refusal("refusal.csrf", status=403)
