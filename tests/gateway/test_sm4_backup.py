"""What is sealed by SM4 comes back from a backup as what is sealed by AES does, rotated or not."""

import json
from pathlib import Path

import pytest

from tests.gateway.test_backup import BACKUP_KEY, SAID, exported
from tests.gateway.test_cli import huiyin
from tests.gateway.test_sealed_fields import FIELD_KEY, encodings

WORDS = SAID[0][3].split("，")[0]


@pytest.fixture(params=["sm4-gcm", "aes-256-gcm"])
def sealed(request, tmp_path) -> Path:
    """A data directory whose fields are sealed, with three requests, and rotated once."""
    data = tmp_path / "sealed"
    data.mkdir()
    (data / "huiyin.env").write_text(
        f"HUIYIN_SECRET_KEY={'s' * 40}\nHUIYIN_DATABASE_KEY={'5a' * 32}\n"
        f"HUIYIN_BACKUP_KEY={BACKUP_KEY}\nHUIYIN_FIELD_KEY={FIELD_KEY}\n"
        f"HUIYIN_FIELD_ENCRYPTION=on\nHUIYIN_FIELD_CIPHER={request.param}\n",
        "utf-8",
    )
    rows = [
        {"channel": way, "external_id": mark, "sender": sender, "text": said}
        for way, mark, sender, said in SAID
    ]
    given = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    for command in (("replay", "-"), ("keys", "rotate")):
        found = huiyin(*command, data=data, given=given + "\n")
        assert (found.returncode, found.stderr) == (0, "")
    return data


@pytest.mark.quick
def test_a_sealed_and_rotated_county_is_whole_again_on_an_empty_machine(sealed, tmp_path):
    file, key_file = tmp_path / "county.backup", tmp_path / "backup.key"
    key_file.write_text(f"{BACKUP_KEY}\n", "ascii")
    assert huiyin("backup", str(file), data=sealed).returncode == 0
    kept = file.read_bytes().lower()
    assert not [one for one in encodings(WORDS) if one.lower() in kept]
    fresh = tmp_path / "fresh"
    found = huiyin("restore", str(file), "--key-file", str(key_file), data=fresh)
    assert (found.returncode, found.stderr) == (0, "")
    assert exported(fresh) == exported(sealed)
    for what in ("fields", "ledger"):
        held = huiyin("verify", what, data=fresh)
        assert (held.returncode, held.stderr) == (0, "")
