"""In which language somebody who wrote these words is answered. Pure."""

import re

_LATIN = re.compile(r"[A-Za-z]{3}[^A-Za-z]+[A-Za-z]{3}")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LOOKED = 400  # code points; what follows does not change the language


def guess_language(text: str) -> str:
    """English when there is Latin script and no Chinese; Chinese otherwise."""
    english = _LATIN.search(text, 0, _LOOKED) and not _HAN.search(text, 0, _LOOKED)
    return "en" if english else "zh-CN"
