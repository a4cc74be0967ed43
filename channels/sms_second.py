"""Text messages by a second account or number at Twilio: the way out when the first one fails.

It takes messages too (``/hook/sms_second``), so that an answer to it is not lost.
"""

import dataclasses
from typing import ClassVar

from channels import Channel, ChannelSettings
from channels.sms import Sms


class SecondSms(Sms):
    """The same provider, another account."""

    name: ClassVar[str] = "sms_second"


def channel(settings: ChannelSettings) -> Channel:
    """The second route; what HUIYIN_TWILIO_SECOND_* does not name is as in the first account.
    Raises ValueError naming the setting that is missing."""
    env = dict(settings.env)
    number = env.get("TWILIO_SECOND_FROM")
    if not number:
        raise ValueError(
            "HUIYIN_TWILIO_SECOND_FROM is not set, and the channel sms_second needs it"
        )
    own = {
        "ACCOUNT_SID": env.get("TWILIO_SECOND_ACCOUNT_SID"),
        "AUTH_TOKEN": env.get("TWILIO_SECOND_AUTH_TOKEN"),
        "API_BASE": env.get("TWILIO_SECOND_API_BASE"),
        "FROM": number,
    }
    env |= {f"TWILIO_{name}": value for name, value in own.items() if value}
    return SecondSms(dataclasses.replace(settings, env=env))
