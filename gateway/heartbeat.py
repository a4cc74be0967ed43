"""The sign of life to an outside address: its silence is the alarm (a dead-man switch)."""

import httpx2

SECONDS = 10


async def beat(url: str) -> None:
    """Call the address once. Failing to reach it is not our failure: it alarms by itself."""
    try:
        async with httpx2.AsyncClient(timeout=SECONDS) as client:
            await client.get(url)
    except httpx2.HTTPError:
        return
