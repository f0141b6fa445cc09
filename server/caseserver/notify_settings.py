"""The part of server.toml that says who is called about an alarm, by which way, and after how long.

The times are the site's own, never the law's: no article says after how many seconds a leader is woken.
"""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from custody.rules import SEVERITIES
from custody.vocabulary import ROLES

POSTS: Final = ("duty_officer", "shift_leader", "station_leader", "oversight")
"""The steps of the ladder by their names; a site may leave some out, never turn the order round."""
_ROLES_OF: Final = {
    "duty_officer": ("duty_officer",),
    "shift_leader": ("area_administrator",),
    "station_leader": ("station_leader",),
    "oversight": ("legal_reviewer", "supervisor"),
}


Language = Literal["zh", "en"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Outside(_Section):
    """A receiver beyond this process. `language` of the words; `timeout_s` until a try counts as unanswered."""

    language: Language = "zh"
    timeout_s: float = Field(10.0, gt=0, le=60)


class PageReceiver(_Section):
    """The open pages of whoever has a role of the step: they show and sound every alarm by themselves."""

    kind: Literal["page"] = "page"


class WebhookReceiver(_Outside):
    """An HTTP POST, signed by the Standard Webhooks scheme: HMAC with `secret_file`, else with the server's key."""

    kind: Literal["webhook"]
    url: str
    secret_file: Path | None = None
    ca_file: Path | None = None

    @field_validator("url")
    @classmethod
    def _url(cls, url: str) -> str:
        return checked_url(url)


class MailReceiver(_Outside):
    """One address behind an SMTP server. `tls`: starttls, tls from the first byte, or none: to this machine only.

    One address, not a list: where a server takes a mail for some and not for others, nobody shall get it twice.
    """

    kind: Literal["smtp"]
    host: str
    port: int = Field(587, ge=1, le=65_535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: Path | None = None
    user: str | None = None
    password_file: Path | None = None
    sender: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    to: str = Field(pattern=r"^[^@\s,]+@[^@\s,]+$")

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.tls == "none" and not _is_loopback(self.host):
            raise ValueError(
                f"expected tls = starttls or tls for a host beyond this machine, found none for {self.host}"
            )
        if (self.user is None) != (self.password_file is None):
            raise ValueError("expected both of user and password_file or neither, found one")
        return self


class AppriseReceiver(_Outside):
    """Any service that the library apprise knows; `url_file` holds its address, which is a secret itself."""

    kind: Literal["apprise"]
    url_file: Path


Receiver = Annotated[
    PageReceiver | WebhookReceiver | MailReceiver | AppriseReceiver, Field(discriminator="kind")
]


class Step(_Section):
    """One step of the ladder: who is meant, and how many seconds after the alarm began, by its severity.

    A severity that is left out is never told at this step. `needs_turn`: with nobody on duty at this post the next
    step is called at once.
    """

    post: Literal["duty_officer", "shift_leader", "station_leader", "oversight"]
    roles: list[str] = Field(default_factory=list)
    after_s: dict[str, int]
    receivers: list[str] = Field(default_factory=lambda: ["page"])
    needs_turn: bool = False

    @model_validator(mode="before")
    @classmethod
    def _usual_roles(cls, data: Any) -> Any:
        if isinstance(data, dict) and not data.get("roles") and data.get("post") in _ROLES_OF:
            return {**data, "roles": list(_ROLES_OF[data["post"]])}
        return data

    @model_validator(mode="after")
    def _known(self) -> Self:
        for role in self.roles:
            if role not in ROLES:
                raise ValueError(f"roles: expected one of {', '.join(ROLES)}, found {role!r}")
        for severity, after_s in self.after_s.items():
            if severity not in SEVERITIES or not 0 <= after_s <= 86_400:
                raise ValueError(
                    f"after_s: expected {', '.join(SEVERITIES)} with 0 to 86400 seconds, found {severity} = {after_s}"
                )
        return self


def _usual_receivers() -> dict[str, Receiver]:
    return {"page": PageReceiver()}


def _usual_steps() -> list[Step]:
    times = (
        {"S1": 0, "S2": 0, "S3": 0},
        {"S1": 30, "S2": 120, "S3": 900},
        {"S1": 120, "S2": 600, "S3": 3_600},
        {"S1": 600, "S2": 3_600},
    )
    found = [
        Step.model_validate({"post": post, "after_s": after})
        for post, after in zip(POSTS, times, strict=True)
    ]
    return [found[0].model_copy(update={"needs_turn": True}), *found[1:]]


class GhostPlan(_Section):
    """A stay that no person has, each night at `at` (HH:MM by the area's time zone), through the whole chain.

    `receivers` get its message, marked as a drill; without any the chain is tried up to the warning. `within_s`: by when
    all must have come: after the warning that the rulebook gives three minutes after an arrival, and before its limit.
    """

    at: str = Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
    within_s: int = Field(240, ge=200, le=280)
    receivers: list[str] = Field(default_factory=list)


class Notify(_Section):
    """Who is called. `link`: the address of the pages as receivers reach it, for the link in a message."""

    link: str = ""
    receivers: dict[str, Receiver] = Field(default_factory=_usual_receivers)
    steps: list[Step] = Field(default_factory=_usual_steps, min_length=1, max_length=len(POSTS))
    retry_s_min: float = Field(2.0, gt=0)
    retry_s_max: float = Field(60.0, gt=0)
    turn_s_max: int = Field(86_400, ge=3_600)
    sound_test_s: int = Field(1_800, ge=60)
    receiver_failing_s: int = Field(300, ge=10)
    tells_answer: bool = True
    ghost: GhostPlan | None = None

    @field_validator("receivers")
    @classmethod
    def _with_pages(cls, receivers: dict[str, Receiver]) -> dict[str, Receiver]:
        return _usual_receivers() | receivers  # the pages are always there

    @field_validator("link")
    @classmethod
    def _link(cls, link: str) -> str:
        return checked_url(link, is_plain_allowed=True) if link else link

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        posts = [step.post for step in self.steps]
        if posts != [post for post in POSTS if post in posts]:
            raise ValueError(
                f"steps: expected each post once in the order {', '.join(POSTS)}, found {', '.join(posts)}"
            )
        last: dict[str, int] = {}
        for step in self.steps:
            for severity, after_s in step.after_s.items():
                if after_s < last.get(severity, 0):
                    raise ValueError(
                        f"steps: {step.post}: expected {severity} no sooner than the step before "
                        f"({last[severity]} s), found {after_s} s"
                    )
                last[severity] = after_s
            for name in step.receivers:
                if name not in self.receivers:
                    raise ValueError(
                        f"steps: {step.post}: expected a receiver of the file ({', '.join(self.receivers)}), found {name!r}"
                    )
        for name in self.ghost.receivers if self.ghost is not None else ():
            if name == "page" or name not in self.receivers:
                raise ValueError(f"ghost.receivers: expected receivers outside this process, found {name!r}")
        idle = set(self.receivers) - {name for step in self.steps for name in step.receivers} - {"page"}
        if idle:
            raise ValueError(f"receivers: expected each in a step, found {', '.join(sorted(idle))} in none")
        return self


class Watchdog(_Section):
    """An outside receiver that raises the alarm elsewhere when our regular beat stops coming."""

    url: str
    interval_s: float = Field(15.0, ge=1, le=600)
    timeout_s: float = Field(5.0, gt=0, le=60)
    ca_file: Path | None = None

    @field_validator("url")
    @classmethod
    def _url(cls, url: str) -> str:
        return checked_url(url)


def checked_url(url: str, *, is_plain_allowed: bool = False) -> str:
    """The address as it is. Raises ValueError unless it is https, or http to this machine."""
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (
        parts.scheme == "http" and (is_plain_allowed or _is_loopback(parts.hostname or ""))
    )
    if not is_safe or not parts.hostname or parts.username is not None:
        raise ValueError(
            f"expected an https address without user name (http to this machine only), found {url[:80]!r}"
        )
    return url


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
