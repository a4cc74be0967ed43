"""Characters that hide or turn words are shown by name to whoever reads them for a decision.

What a citizen wrote is kept as it came; only the page of staff says ``⟦U+202E⟧`` where a character
without a shape stands. Joiners that hold an emoji together are left alone.
"""

import re

_HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0001\U000e0020-\U000e007f"
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
)
_ANY = re.compile(f"[{_HIDDEN}]|(?<![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d")
_PERHAPS = re.compile(f"[{_HIDDEN}\u200d]")
"""One set of characters, which is looked for five times as fast: most pages have none."""


_NO_TEXT = re.compile(r"(<textarea\b[^>]*>[^<]*</textarea>|<[^>]*>)")


def visible(text: str) -> str:
    """The text with every hiding or turning character named."""
    return _ANY.sub(lambda match: f"⟦U+{ord(match[0]):04X}⟧", text)


def in_page(html: str) -> str:
    """A page whose text names them; tags and the fields of forms, which go back as they are, stay.
    Every value in it has been escaped, so that a ``<`` always begins a tag."""
    if _PERHAPS.search(html) is None:
        return html
    parts = _NO_TEXT.split(html)
    parts[::2] = map(visible, parts[::2])
    return "".join(parts)
