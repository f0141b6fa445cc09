"""Settings of the server: DIR/server.toml, overridden by environment variables CASEWARD_SERVER_*.

Every setting has its line in docs/server.md; a test holds the two together.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from caseserver.notify_settings import Notify, Watchdog
from custody.vocabulary import ROLES

ENV_PREFIX = "CASEWARD_SERVER_"


class SettingsError(ValueError):
    """server.toml or the environment cannot be used; the message names each key, what was expected, what came."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Broker(_Section):
    """The MQTT broker. With `ca_file` the connection is TLS; `certificate_file` and `key_file` sign us in."""

    host: str = "127.0.0.1"
    port: int = Field(1883, ge=1, le=65_535)
    user: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    client_id: str = "caseward-server"
    keepalive_s: int = Field(20, ge=5, le=600)


class Gateway(_Section):
    """One gateway that may speak to us: its area.toml and its public key (Ed25519, 64 hex digits).

    `rulebook`: a file instead of the bundled book that the area names first; the gateway is given the same.
    """

    area: Path
    rulebook: Path | None = None
    public_key: str = Field(pattern=r"^[0-9a-f]{64}$")


class Witness(_Section):
    """A second witness in other hands: its key (Ed25519, 64 hex digits) and the SHA-256 of the token it calls with."""

    public_key: str = Field(pattern=r"^[0-9a-f]{64}$")
    token_sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")
    silent_s_max: int = Field(900, ge=1)


class Influx(_Section):
    """An InfluxDB (v2 write call) that gets every sample besides our own tables."""

    url: str
    org: str = "caseward"
    bucket: str = "caseward"
    token_file: Path | None = None
    batch_points: int = Field(1_000, ge=1, le=50_000)
    queue_points_max: int = Field(200_000, ge=1_000)
    timeout_ms: int = Field(5_000, ge=100)
    retry_s_max: int = Field(60, ge=1)


class PeopleKeys(_Section):
    """Where the keys to personal data are: a directory outside the data directory, made by `caseward server keys`."""

    keys: Path


class Sessions(_Section):
    """How long a sign-in lasts, and how many wrong passwords are answered."""

    idle_s_max: int = Field(3_600, ge=60)
    total_s_max: int = Field(43_200, ge=300)
    failures_max: int = Field(5, ge=2, le=20)
    lockout_s: int = Field(300, ge=10)
    tries_per_minute_max: int = Field(20, ge=5)
    cookie_is_secure: bool = False
    second_factor_roles: list[str] = Field(default_factory=lambda: ["system_administrator"])


class Limits(_Section):
    """Bounds of every queue and wait; what is lost first at each is told in docs/server.md."""

    inbox_batches_max: int = Field(256, ge=8)
    payload_bytes_max: int = Field(1_048_576, ge=65_536)
    request_leaves_max: int = Field(500, ge=1, le=5_000)
    quarantine_rows_max: int = Field(1_000, ge=10)
    pending_facts_max: int = Field(1_000, ge=10)
    resend_s_min: float = Field(1.0, gt=0)
    resend_s_max: float = Field(30.0, gt=0)
    gateway_silent_s: float = Field(30.0, gt=0)
    requests_per_minute_max: int = Field(6_000, ge=0)
    account_requests_per_minute_max: int = Field(1_200, ge=0)
    subscribers_max: int = Field(200, ge=1)
    sample_flush_s: float = Field(5.0, gt=0)
    samples_kept_days: int = Field(7, ge=1)
    minutes_kept_days: int = Field(90, ge=1)


class Settings(BaseSettings):
    """All of it. `listen` is host:port of the pages and the API."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    listen: str = Field("127.0.0.1:8000", pattern=r"^\S+:\d{1,5}$")
    name: str = Field("caseward.local/server", pattern=r"^[a-z0-9./-]{1,64}$")
    trusted_hosts: list[str] = Field(default_factory=list)
    metrics_token: str | None = None
    broker: Broker = Broker()
    station: str = Field("station", pattern=r"^[a-z0-9-]{1,32}$")
    gateways: dict[str, Gateway] = Field(default_factory=dict)
    witnesses: dict[str, Witness] = Field(default_factory=dict)
    influx: Influx | None = None
    people: PeopleKeys | None = None
    property_papers: Path | None = None
    notify: Notify = Notify()
    watchdog: Watchdog | None = None
    sessions: Sessions = Sessions()
    limits: Limits = Limits()

    @property
    def host(self) -> str:
        """The address to listen on."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port to listen on."""
        return int(self.listen.rpartition(":")[2])


def load_settings(data: Path) -> Settings:
    """Read DATA/server.toml and the environment. Raises SettingsError."""
    file = data / "server.toml"

    class FileSettings(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del init_settings, dotenv_settings, file_secret_settings
            return env_settings, TomlConfigSettingsSource(settings_cls, toml_file=file)

    if not file.is_file():
        raise SettingsError(f"expected {file} (`caseward server init --data {data}` writes one), found none")
    try:
        settings = FileSettings()
    except ValidationError as error:
        raise SettingsError(_problems(file, error)) from None
    except ValueError as error:
        raise SettingsError(f"{file}: expected TOML 1.0, found {error}") from None
    _check_names(file, settings)
    unknown = sorted(set(settings.sessions.second_factor_roles) - ROLES.keys())
    if unknown:
        raise SettingsError(
            f"{file}: sessions.second_factor_roles: expected roles out of {', '.join(ROLES)}, found {unknown}"
        )
    return settings


def _check_names(file: Path, settings: Settings) -> None:
    for name in (*settings.gateways, *settings.witnesses, *settings.notify.receivers):
        if not 1 <= len(name) <= 32 or not all(c.isdigit() or c == "-" or "a" <= c <= "z" for c in name):
            raise SettingsError(
                f"{file}: gateways, witnesses and receivers: expected a name of 1 to 32 characters a-z 0-9 -, found {name!r}"
            )


def _problems(file: Path, error: ValidationError) -> str:
    return "\n".join(
        f"{file}: {'.'.join(map(str, item['loc']))}: {item['msg']}, found {str(item.get('input'))[:80]!r}"
        for item in error.errors(include_url=False)
    )
