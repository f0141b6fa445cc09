"""The auditor of property as a module: the file for strangers, loaded by its path; it imports nothing of ours."""

import importlib.util
from types import ModuleType

from tests.tools.tree import ROOT

FILE = ROOT / "server" / "verify" / "property.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("property_auditor", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


auditor = _load()
