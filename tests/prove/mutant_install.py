"""The two ways to install a mutant: into the functions that exist, or at import (mutant_server.py says when)."""

import ast
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections import defaultdict
from collections.abc import Iterable
from types import CodeType, FunctionType, ModuleType

from tests.prove.mutant_checks import CheckFailed
from tests.prove.mutators import Mutant, Target


class NotInPlace(RuntimeError):
    """This change cannot be put into the functions that exist; it is installed at import."""


class InPlace:
    """The functions of the targets as they are in this process, found by where they are written."""

    def __init__(self, targets: Iterable[Target]) -> None:
        self.targets = {target.module: target for target in targets}
        files = {str(target.file): target for target in self.targets.values()}
        self._functions: dict[str, dict[_Where, list[FunctionType]]] = {}
        places = {}
        for target in files.values():
            self._functions[target.module] = defaultdict(list)
            for where, code in _codes(target.code()).items():
                places[code] = (target.module, where)
        gc.collect()
        strangers = []
        for held in gc.get_objects():
            if isinstance(held, FunctionType) and held.__code__.co_filename in files:
                place = places.get(held.__code__)
                if place is None:
                    strangers.append(f"{held.__code__.co_filename}: {held.__qualname__}")
                else:
                    self._functions[place[0]][place[1]].append(held)
        if strangers:
            raise CheckFailed(f"expected functions as their files say, found others: {strangers}")

    def install(self, mutant: Mutant) -> None:
        """Put a change into the functions it reaches. Raises NotInPlace."""
        target = self.targets[mutant.module]
        mutant.edit.apply()
        self._put(target, target.code(mutant.top))

    def install_unchanged(self, module: str) -> int:
        """Compile a module anew and put every function in; gives their number."""
        return self._put(self.targets[module], self.targets[module].code())

    def _put(self, target: Target, code: CodeType, *, may_repair: bool = True) -> int:
        functions = self._functions[target.module]
        count = 0
        codes = _codes(code)
        for where, new in codes.items():
            for function in functions.get(where, ()):
                if function.__code__.co_freevars != new.co_freevars:
                    if not may_repair:
                        raise NotInPlace(f"{target.module}: {where}: another closure")
                    _keep_names(target, where, function.__code__.co_freevars)
                    top = next(n for n, s in enumerate(target.tree.body) if (s.end_lineno or 0) >= where[1])
                    return self._put(target, target.code(top), may_repair=False)
                function.__code__ = new
                count += 1
        return count


_Where = tuple[str, int, int]
"""Qualified name, first line, and which of those on that line (lambdas)."""


def _codes(code: CodeType) -> "dict[_Where, CodeType]":
    """Every function written in this code, and comprehensions and class bodies, which nobody holds."""
    found: dict[_Where, CodeType] = {}
    counts: dict[tuple[str, int], int] = defaultdict(int)

    def walk(outer: CodeType) -> None:
        for inner in outer.co_consts:
            if isinstance(inner, CodeType):
                key = (inner.co_qualname, inner.co_firstlineno)
                found[*key, counts[key]] = inner
                counts[key] += 1
                walk(inner)

    walk(code)
    return found


def _keep_names(target: Target, where: _Where, names: tuple[str, ...]) -> None:
    """A function goes on to hold the variables around it, though the mutant no longer asks for them."""
    for node in ast.walk(target.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == where[1] and where[0].endswith(node.name):
                asked: list[ast.stmt] = [ast.Expr(ast.Name(name, ast.Load())) for name in names]
                never = ast.If(ast.Constant(False), asked, [])
                node.body.append(ast.fix_missing_locations(ast.copy_location(never, node.body[-1])))
                return
    raise NotInPlace(f"{target.module}: {where}: another closure of a lambda")


class AtImport(importlib.abc.MetaPathFinder):
    """Imports the targets from their trees instead of their files; those unchanged are compiled once."""

    def __init__(self, targets: Iterable[Target]) -> None:
        self.targets = {target.module: target for target in targets}
        self._codes = {target.module: target.code() for target in targets}

    def install(self, mutant: Mutant | None = None) -> None:
        if mutant is not None:
            mutant.edit.apply()
            self._codes[mutant.module] = self.targets[mutant.module].code()
        loaded = [name for name in self.targets if name in sys.modules]
        if loaded:
            raise CheckFailed(f"expected a process without the modules to mutate, found {loaded}")
        sys.meta_path.insert(0, self)

    def find_spec(
        self, name: str, path: object = None, module: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        target = self.targets.get(name)
        if target is None:
            return None
        is_package = target.file.name == "__init__.py"
        folders = [str(target.file.parent)] if is_package else None
        loader = _FromCode(name, str(target.file), self._codes[name])
        return importlib.util.spec_from_file_location(
            name, target.file, loader=loader, submodule_search_locations=folders
        )


class _FromCode(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, file: str, code: CodeType) -> None:
        super().__init__(name, file)
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        return self._code
