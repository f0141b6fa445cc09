"""The composition root: settings in, running parts out. Nothing starts before `start`."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from caselog.clock import Instant
from caselog.errors import CaselogError
from caselog.keys import Signer, SigningKey, SoftKey
from caselog.tree import EMPTY_ROOT
from caseserver.accounts import Accounts, new_password
from caseserver.area_state import AreaState
from caseserver.bundle.maker import BundleMaker
from caseserver.bundle.texts import TextShelf
from caseserver.changes import Changes, approved_rulebooks
from caseserver.inbox import Inbox
from caseserver.influx import InfluxQueue, InfluxWriter, client_write
from caseserver.link import Link
from caseserver.notify.beat import Beat
from caseserver.notify.channels import ChannelError, channels_of
from caseserver.notify.ghost_watch import GhostWatch
from caseserver.notify.notifier import Notifier
from caseserver.notify_settings import Notify
from caseserver.own_log import FOLDER as LOG_FOLDER
from caseserver.own_log import Known, OwnLog
from caseserver.people.keyring import KeyRingError
from caseserver.people.people import People
from caseserver.people.side_store import SideStoreError
from caseserver.pins import PinFile
from caseserver.second_factor import SecondFactors, master_of
from caseserver.settings import Gateway, Settings, SettingsError
from caseserver.station import Station
from caseserver.store import audit as audit_rows
from caseserver.store import cosignatures as cosignature_rows
from caseserver.store.database import Database
from caseserver.tokens import Tokens
from caseserver.web.property.paper_kinds import Paper, PaperError, papers
from caseserver.web.telling import composer
from caseserver.worker import Worker
from custody.area import Area, load_area
from custody.bundled import rulebook_with_text
from custody.config import ConfigError
from custody.rules import Rulebook

DATABASE_FILE: Final = "server.db"
INFLUX_FILE: Final = "influx-queue.db"
KEY_FILE: Final = Path("keys/server.key")


class Program:
    """All parts of a running server."""

    def __init__(
        self, data: Path, settings: Settings, clock: Any, on_failure: Callable[[], None] = lambda: None
    ) -> None:
        """Opens the store and replays the logs; raises SettingsError when a file it names cannot be used."""
        self.settings = settings
        self.database = Database(data / DATABASE_FILE)
        signer = server_key(data).named(settings.name)
        self.bundles = BundleMaker(data, self.database, signer)
        states = [
            _area_state(
                data, name, gateway, signer, self.database, settings, float(clock.rate), self.bundles.texts
            )
            for name, gateway in settings.gateways.items()
        ]
        self.own_log = _own_log(data, settings, self.database, signer.key, clock.now())
        self.station = Station(
            clock,
            self.database,
            signer,
            states,
            settings.limits,
            self.own_log,
            settings.witnesses,
            settings.notify,
        )
        self._tell_start(states)
        self.notifier = self._notifier(data, settings.notify, states, signer.key, on_failure)
        self.people = _people(data, settings, states)
        self.papers = _papers(data, settings)
        roles = settings.sessions.second_factor_roles
        self.factors = SecondFactors(self.database, master_of(signer.key), roles)
        self.accounts = Accounts(self.database, settings.sessions, stage_of=self.factors.stage_of)
        self.tokens = Tokens(self.database)
        self.changes = Changes(
            self.database, lambda: self.accounts, self.factors, self.station.audit, new_password,
            lambda: self.station.now().earliest_us,
        )  # fmt: skip
        self.inbox = Inbox(settings.limits.inbox_batches_max)
        self.link = Link(settings.broker, frozenset(settings.gateways), self.inbox)
        self.influx_queue: InfluxQueue | None = None
        self.influx_writer: InfluxWriter | None = None
        if settings.influx is not None:
            self.influx_queue = InfluxQueue(data / INFLUX_FILE, settings.influx.queue_points_max)
            self.influx_writer = InfluxWriter(
                self.influx_queue,
                client_write(settings.influx),
                settings.influx.batch_points,
                settings.influx.retry_s_max,
            )
        self.station.connect(self.link.publish)
        self.pins = PinFile(data)
        self.worker = Worker(
            self.station,
            self.inbox,
            self.database,
            settings.limits,
            self.link.publish,
            self.influx_queue,
            on_failure,
            self.people,
            pins=self.pins,
        )
        self.beat = self._beat(data, signer.key)

    def _beat(self, data: Path, key: SigningKey) -> Beat | None:
        """The dead man's switch, where one is set."""
        settings = self.settings
        if settings.watchdog is None:
            return None

        def is_sound() -> bool:
            return self.is_well and not self.station.audit.problem

        try:
            return Beat(settings.watchdog, settings.station, key, data, is_sound, time.time)
        except ChannelError as error:
            raise SettingsError(f"watchdog: {error}") from None

    def _tell_start(self, states: list[AreaState]) -> None:
        """Into the own log: this start, and what is in force since the last one was other."""
        audit = self.station.audit
        audit.write(None, "server.started", version("caseward"), {"begun_anew": self.own_log.begun_anew})
        public = self.settings.model_dump_json(exclude={"metrics_token"})
        audit.write_if_new("settings.loaded", "server.toml", {"sha256": _sha256(public)})
        with self.database.reading() as connection:
            approved = approved_rulebooks(connection)
        for state in states:
            is_bundled = self.settings.gateways[state.gateway].rulebook is None
            detail = {
                "rulebook": state.area.rulebook, **state.hashes, "is_bundled": is_bundled,
                "is_approved": is_bundled or state.hashes["rulebook_hash"] in approved,
            }  # fmt: skip
            audit.write_if_new("rulebook.loaded", state.area.id, detail)
        if self.own_log.begun_anew and states:
            states[0].alarm_own_log(self.own_log.origin.rpartition("/")[2], self.station.now())

    def _notifier(
        self,
        data: Path,
        settings: Notify,
        states: list[AreaState],
        key: SigningKey,
        on_failure: Callable[[], None],
    ) -> Notifier:
        station = self.station
        try:
            channels = channels_of(settings.receivers, key, data, time.time)
        except ChannelError as error:
            raise SettingsError(f"notify.receivers: {error}") from None
        compose = composer(station.area, lambda: station.now().earliest_us, settings)
        ghosts = (
            GhostWatch(settings.ghost, states, station.audit, station.calls, station.state_drill)
            if settings.ghost is not None
            else None
        )
        return Notifier(
            station.now, self.database, station.audit, states, settings, channels, compose,
            station.watchers, station.duty, ghosts, station.set_levels, on_failure,
        )  # fmt: skip

    @property
    def is_well(self) -> bool:
        """Both threads that nobody may miss do their work: the one that takes in, and the one that calls people."""
        return self.worker.is_well and self.notifier.is_well

    @property
    def failure(self) -> Exception | None:
        """What ended one of them."""
        return self.worker.failure or self.notifier.failure

    def start(self) -> None:
        """Begin: the worker first, then who calls people, then the broker."""
        self.worker.start()
        self.notifier.start()
        if self.influx_writer is not None:
            self.influx_writer.start()
        self.link.start()
        if self.beat is not None:
            self.beat.start()

    def stop(self) -> None:
        """End in the other order; what was taken is on the disk."""
        if self.beat is not None:
            self.beat.stop()
        self.link.stop()
        self.notifier.stop()
        self.worker.stop()
        if self.influx_writer is not None:
            self.influx_writer.stop()
        if self.influx_queue is not None:
            self.influx_queue.close()
        if self.people is not None:
            self.people.close()
        self.own_log.close()
        self.database.close()


def _own_log(data: Path, settings: Settings, database: Database, key: SigningKey, now: Instant) -> OwnLog:
    try:
        return OwnLog(data / LOG_FOLDER, settings.station, key, now, known_of(database))
    except (OSError, CaselogError) as error:
        raise SettingsError(
            f"expected to write the server's own log in {data / LOG_FOLDER}: {error}"
        ) from None


def known_of(database: Database) -> Known:
    """What the store knows of one of the server's own logs: how long it was, and what a witness holds of it."""

    def known(origin: str) -> tuple[int, int, bytes]:
        with database.reading() as connection:
            newest = cosignature_rows.newest(connection, origin)
            size = audit_rows.projected(connection, origin)
        cosigned = max(newest, key=lambda row: row.size, default=None)
        if cosigned is None:
            return size, 0, EMPTY_ROOT
        return max(size, cosigned.size), cosigned.size, cosigned.root

    return known


def _people(data: Path, settings: Settings, states: Iterable[AreaState]) -> People | None:
    """Personal data, when a key directory is set. What the logs say is erased is destroyed before anybody reads."""
    if settings.people is None:
        return None
    try:
        people = People(data, settings.people.keys)
    except (KeyRingError, SideStoreError) as error:
        raise SettingsError(f"people.keys: {error}") from None
    people.start([mark for state in states for mark in state.take_erased()])
    return people


def _papers(data: Path, settings: Settings) -> Mapping[str, Paper]:
    """Lists and receipts of things that are kept, with those of the site."""
    local = settings.property_papers
    try:
        return papers(data / local if local is not None else None)
    except PaperError as error:
        raise SettingsError(f"property_papers: {error}") from None


def server_key(data: Path) -> SoftKey:
    try:
        return SoftKey.load(data / KEY_FILE)
    except (OSError, CaselogError) as error:
        raise SettingsError(
            f"expected the server's key in {data / KEY_FILE} (`caseward server init`): {error}"
        ) from None


def _area_state(
    data: Path,
    name: str,
    gateway: Gateway,
    signer: Signer,
    database: Database,
    settings: Settings,
    rate: float,
    shelf: TextShelf,
) -> AreaState:
    """The state of one gateway's area, with its log replayed."""
    found = load_texts(data, name, gateway)
    hashes = {"config_hash": shelf.keep(found.area_text), "rulebook_hash": shelf.keep(found.rulebook_text)}
    return AreaState(
        found.area, found.rulebook, bytes.fromhex(gateway.public_key), signer, database, settings.limits, rate,
        time.monotonic(), hashes,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Loaded:
    """area.toml and the texts of its rulebooks, and what they are read as."""

    area_text: str
    rulebook_text: str
    area: Area
    rulebook: Rulebook


def load_texts(data: Path, name: str, gateway: Gateway) -> Loaded:
    """area.toml and its rulebook (files relative to the data directory). Raises SettingsError."""
    file = data / gateway.area
    try:
        area_text = file.read_text(encoding="utf-8")
        area = load_area(area_text, str(file))
        book = None if gateway.rulebook is None else (data / gateway.rulebook).read_text(encoding="utf-8")
        rulebook, rulebook_text = rulebook_with_text(area, book)
    except (OSError, ConfigError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"gateways.{name}: {error}") from None
    if area.gateway != name:
        raise SettingsError(f"{file}: expected the area of gateway {name}, found that of {area.gateway}")
    return Loaded(area_text, rulebook_text, area, rulebook)


def _sha256(text: str) -> str:
    return sha256(text.encode()).hexdigest()
