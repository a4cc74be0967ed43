"""What a recording is told by: how it begins. It is served as that and nothing else."""

_SOUNDS = (
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"#!AMR", "audio/amr"),
    (4, b"ftyp", "audio/mp4"),
    (0, b"\x1a\x45\xdf\xa3", "audio/webm"),
    (8, b"WAVE", "audio/wav"),
)
_PICTURE_BRANDS = frozenset(
    b"heic heix heim heis hevc hevx hevm hevs mif1 mif2 msf1 miaf avif avis crx".split()
)
"""Kinds of the container of audio/mp4 that hold pictures."""


def kind_of(begins: bytes) -> str | None:
    """What kind of recording begins with these twelve bytes; None where none does."""
    for at, mark, kind in _SOUNDS:
        if begins[at : at + len(mark)] == mark:
            of_pictures = kind == "audio/mp4" and begins[8:12].strip() in _PICTURE_BRANDS
            other_riff = kind == "audio/wav" and not begins.startswith(b"RIFF")
            return None if of_pictures or other_riff else kind
    return "audio/mpeg" if _is_mpeg_frame(begins) else None


def _is_mpeg_frame(begins: bytes) -> bool:
    """The first four bytes of a frame of MPEG audio, layer III: its mark, its rates in range."""
    if len(begins) < 4 or begins[0] != 0xFF or begins[1] & 0xE6 != 0xE2 or begins[1] & 0x18 == 0x08:
        return False
    return 0x10 <= begins[2] & 0xF0 <= 0xE0 and begins[2] & 0x0C != 0x0C
