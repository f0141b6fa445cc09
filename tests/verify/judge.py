"""What verify.py finds of a bundle, called as a module; and plans for good bundles by seed."""

from __future__ import annotations

import importlib.util
import io
import random
import sys
from dataclasses import dataclass, replace
from typing import Any

from tests.tools.tree import ROOT
from tests.verify.maker import Draft, Plan, public

PROGRAM = ROOT / "server/verify/verify.py"


def _loaded() -> Any:
    """The program as a module, whatever is on the path."""
    spec = importlib.util.spec_from_file_location("caseward_verify", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


verify = _loaded()


@dataclass(frozen=True)
class Trust:
    """The keys that a checker brings."""

    log: tuple[bytes, ...] = ()
    witnesses: tuple[tuple[str, bytes], ...] = ()
    maker: bytes | None = None

    @classmethod
    def all_of(cls, draft: Draft) -> Trust:
        return cls((draft.log_key,), tuple(draft.witness_keys), public(draft.maker))

    def but_maker(self) -> Trust:
        """As when nobody knows whose key the maker's is: the worst case for whoever checks."""
        return replace(self, maker=None)


@dataclass(frozen=True)
class Outcome:
    """Exit code; line, kind, place, expected and found of the first wrong thing; the report."""

    code: int
    wrong: tuple[Any, ...] | None
    report: tuple[str, ...]


def judge(data: bytes, trust: Trust, lang: str = "en") -> Outcome:
    bundle = verify.Bundle(io.BytesIO(data), list(trust.log), list(trust.witnesses), trust.maker)
    try:
        bundle.check()
    except verify.Refused as refused:
        kind, *rest = refused.args
        told = verify.sentence(lang, "refused", bundle.line, verify.sentence(lang, kind), *rest)
        return Outcome(1, (bundle.line, *refused.args), (told,))
    return Outcome(0 if trust.log else 3, None, tuple(verify.report(bundle, lang)))


def plan_of(seed: int, leaves_max: int = 25) -> Plan:
    """A small plan with everything that may vary varied."""
    chance = random.Random(seed)
    return Plan(
        seed=seed,
        leaves=chance.randrange(1, leaves_max),
        others=chance.randrange(4),
        changes=chance.randrange(4),
        witnesses=chance.randrange(4),
        disclosures=chance.randrange(4),
        statements=chance.randrange(4),
        report_bytes=chance.randrange(900),
        reloads=chance.randrange(3),
        is_counted=chance.random() < 0.8,
        tail=chance.randrange(4),
    )
