"""Mutants of a Python module: small wrong versions of it, one change each, made on its syntax tree.

The operators are those that mutmut and cosmic-ray share, with fewer that no test could miss:

| name | change | there |
|---|---|---|
| compare | `<`→`<=` and back, `>`→`>=` and back; unless it is a whole condition also the opposite, and `==`/`!=`, `is`/`is not`, `in`/`not in` | both |
| bool | `and`/`or` | both |
| operand | one operand of `and`/`or` left out | cosmic-ray in part |
| not | `not x`→`x`, `-x`→`x` | both |
| arithmetic | `+`/`-`, `*`→`//`, `/` and `//`→`*`, `%`→`//`, `<<`/`>>`, `&`/`|`; the same in `+=` | both |
| constant | whole and real n→n+1, `True`/`False` | both |
| index | `x[0]`→`x[-1]` and back, a bound of a slice left out | – |
| condition | of if, while, conditional expression, comprehension, case: `True`, `False` | cosmic-ray in part |
| return | `return x`→`return None` | both |
| assign | the only assignment of a local name: `= None` | mutmut |
| delete | an assignment to something that has a value already, a call, `raise`, `del` left out | cosmic-ray in part |
| loop | `break`/`continue` | both |
| swap | `min`/`max`, `any`/`all` | mutmut in part |
| keyword | a keyword argument left out where a default stands in for it | mutmut |
| default | the last argument of `.get(k, d)`, `.pop(k, d)`, `next(i, d)` left out | mutmut |
| element | one element of a set or dict display left out; one case of a match | – |

Left alone: strings and docstrings, annotations, decorators and bases (`frozen=True` has no behaviour to
test), what is said in `raise` and `assert`, `__repr__`, whole numbers that are `Final` or named `…_MAX`
(limits of size), `__all__` and `__slots__`, and lines marked `# pragma: no mutate: <reason>`. Not made: exception
types swapped, decorators removed, string changes, loops over nothing (other mutants are inside them). A mutant
whose bytecode is that of the original, or of another mutant, is no mutant.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import CodeType
from typing import Any

MODULE_LEVEL = "<module>"
TEXT_LENGTH_MAX = 140
"""Of each half of a description; what is longer is cut in the middle."""

_PRAGMA = re.compile(r"#\s*pragma:\s*no mutate\b:?\s*(.*)")

_BOUNDARY = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_OPPOSITE = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_ARITHMETIC = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}  # fmt: skip
_SWAPS = {"min": "max", "max": "min", "any": "all", "all": "any"}
_HAS_DEFAULT = {"get", "pop"}
_TEXTUAL = (ast.JoinedStr, ast.List, ast.Tuple, ast.ListComp)
_SHORT_KINDS = {"constant", "loop"}
"""What is changed says too little: the place is told too."""

_KEYWORDS_LEFT_ALONE = {"field", "dataclass"}


class PragmaWithoutReason(ValueError):
    """`# pragma: no mutate` says why, or it does not count."""


@dataclass
class Edit:
    """One field of one node gets another value; the tree can be put back."""

    owner: ast.AST
    name: str
    new: Any
    old: Any = None

    def apply(self) -> None:
        self.old = getattr(self.owner, self.name)
        setattr(self.owner, self.name, self.new)

    def undo(self) -> None:
        setattr(self.owner, self.name, self.old)


@dataclass(frozen=True)
class Mutant:
    """One change. `what` is stable: it holds no line number. Lines are those of the statement changed."""

    module: str
    function: str
    what: str
    first: int
    last: int
    top: int
    is_at_import: bool
    edit: Edit = field(compare=False, repr=False)

    @property
    def key(self) -> tuple[str, str, str]:
        return self.module, self.function, self.what

    def __str__(self) -> str:
        return f"{self.module}:{self.function}: {self.what}"


@dataclass
class Target:
    """A module to mutate: its name, file and syntax tree. `edit`s are made in `tree` and undone."""

    module: str
    file: Path
    source: str
    tree: ast.Module
    flags: int

    @classmethod
    def load(cls, module: str, file: Path) -> "Target":
        source = file.read_text(encoding="utf-8")
        whole = compile(source, str(file), "exec", dont_inherit=True)
        futures = whole.co_flags & ~0xFFFF
        return cls(module, file, source, ast.parse(source, str(file)), futures)

    def code(self, top: int | None = None) -> CodeType:
        """The code of the tree as it stands, or of one top-level statement."""
        tree = self.tree if top is None else ast.Module([self.tree.body[top]], [])
        code: CodeType = compile(tree, str(self.file), "exec", flags=self.flags, dont_inherit=True)
        return code

    def text(self, mutant: Mutant) -> str:
        """The function (or statement) that holds the mutant, as the tree stands."""
        node: ast.AST = self.tree.body[mutant.top]
        for inner in ast.walk(self.tree.body[mutant.top]):
            if not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if inner.lineno <= mutant.first and mutant.last <= (inner.end_lineno or 0):
                node = inner
        return ast.unparse(node)


def mutants_of(target: Target, defaults: dict[str, set[str]]) -> list[Mutant]:
    """Every mutant of a module that differs from it and from the others in its bytecode.

    `defaults`: see `defaults_of`. Raises PragmaWithoutReason.
    """
    found = _Finder(target, defaults).find()
    originals: dict[int, set[tuple[Any, ...]]] = {}
    kept = []
    for mutant in _numbered(found):
        if mutant.top not in originals:
            originals[mutant.top] = {shape(target.code(mutant.top))}
        mutant.edit.apply()
        try:
            mutated = shape(target.code(mutant.top))
        except SyntaxError:
            continue
        finally:
            mutant.edit.undo()
        if mutated not in originals[mutant.top]:
            originals[mutant.top].add(mutated)
            kept.append(mutant)
    return kept


def defaults_of(targets: Iterable[Target]) -> dict[str, set[str]]:
    """Name of each function and class of these modules -> its parameters that may be left out."""
    found: dict[str, set[str]] = {}
    for target in targets:
        for node in ast.walk(target.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                plain = [*node.args.posonlyargs, *node.args.args]
                named = plain[len(plain) - len(node.args.defaults) :]
                named += [
                    word
                    for word, value in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
                    if value
                ]
                found.setdefault(node.name, set()).update(word.arg for word in named)
            elif isinstance(node, ast.ClassDef):
                fields = [s for s in node.body if isinstance(s, ast.AnnAssign) and s.value is not None]
                found.setdefault(node.name, set()).update(ast.unparse(s.target) for s in fields)
    return found


def shape(code: CodeType) -> tuple[Any, ...]:
    """What a code does, without where it stands."""
    constants = tuple(
        shape(c) if isinstance(c, CodeType) else (type(c).__name__, repr(c)) for c in code.co_consts
    )
    return (
        code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars,
        code.co_flags, code.co_exceptiontable, code.co_argcount, code.co_kwonlyargcount,
    )  # fmt: skip


def _numbered(found: list[Mutant]) -> Iterator[Mutant]:
    """Descriptions that stand twice in a function are told apart by their order."""
    seen: dict[tuple[str, str, str], int] = {}
    for mutant in found:
        seen[mutant.key] = number = seen.get(mutant.key, 0) + 1
        yield mutant if number == 1 else replace(mutant, what=f"{mutant.what} #{number}")


def _short(node: ast.AST | str) -> str:
    text = " ".join((node if isinstance(node, str) else ast.unparse(node)).split())
    if len(text) <= TEXT_LENGTH_MAX:
        return text
    half = TEXT_LENGTH_MAX // 2
    return f"{text[:half]} … {text[-half:]}"


def _context(edit: Edit) -> str:
    match edit.owner:
        case ast.If(test=test):
            return f" in `if {_short(test)}`"
        case (
            ast.expr()
            | ast.keyword()
            | ast.Return()
            | ast.Assign()
            | ast.AnnAssign()
            | ast.AugAssign() as owner
        ):
            return f" in `{_short(owner)}`"
    return ""


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, _TEXTUAL) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    )


class _Finder:
    """Walks a module and notes what could be changed."""

    def __init__(self, target: Target, defaults: dict[str, set[str]]) -> None:
        self.target = target
        self.defaults = defaults
        self.found: list[Mutant] = []
        self.scope: list[str] = []
        self.bound: list[set[str]] = []  # names that have a value, for each function around
        self.top = 0
        self.lines = (0, 0)
        self.quiet = _quiet_lines(target)

    def find(self) -> list[Mutant]:
        for top, statement in enumerate(self.target.tree.body):
            self.top = top
            self._statement(self.target.tree, "body", self.top, statement)
        return self.found

    # --- noting ----------------------------------------------------------------------------

    def _note(self, kind: str, before: ast.AST | str, after: ast.AST | str, edit: Edit) -> None:
        spoken = (
            f"{kind}: {_short(before)} -> {_short(after)}{_context(edit) if kind in _SHORT_KINDS else ''}"
        )
        if self.quiet.isdisjoint(range(self.lines[0], self.lines[1] + 1)):
            name = ".".join(self.scope) or MODULE_LEVEL
            is_at_import = not self.bound
            self.found.append(
                Mutant(self.target.module, name, spoken, *self.lines, self.top, is_at_import, edit)
            )

    def _change(self, kind: str, owner: ast.AST, name: str, new: Any) -> None:
        """A change inside a node, told by the whole node before and after."""
        edit = Edit(owner, name, new)
        before = ast.unparse(owner)
        edit.apply()
        after = ast.unparse(owner)
        edit.undo()
        self._note(kind, before, after, edit)

    def _instead(self, kind: str, place: "_Place", new: ast.AST | None) -> None:
        """Another node in the place of this one; None: nothing."""
        if new is not None:
            ast.fix_missing_locations(ast.copy_location(new, place.node))
        self._note(kind, place.node, new or "nothing", Edit(place.owner, place.name, place.with_(new)))

    # --- statements ------------------------------------------------------------------------

    def _block(self, owner: ast.AST, name: str) -> None:
        for index, statement in enumerate(getattr(owner, name, [])):
            self._statement(owner, name, index, statement)

    def _statement(self, owner: ast.AST, name: str, index: int, node: ast.stmt) -> None:
        place = _Place(owner, name, index, node)
        self.lines = (node.lineno, node.end_lineno or node.lineno)
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node)
            case ast.ClassDef():
                self.scope.append(node.name)
                self._block(node, "body")
                self.scope.pop()
            case ast.If() | ast.While():
                if ast.unparse(node.test).removeprefix("typing.") in (
                    "TYPE_CHECKING",
                    "__name__ == '__main__'",
                ):
                    return
                self.lines = (node.lineno, node.test.end_lineno or node.lineno)
                self._condition(node, "test", is_loop=isinstance(node, ast.While))
                self._block(node, "body")
                self._block(node, "orelse")
            case ast.For() | ast.AsyncFor():
                self.lines = (node.lineno, node.iter.end_lineno or node.lineno)
                self._expressions(node, "iter")
                self._bind(node.target)
                self._block(node, "body")
                self._block(node, "orelse")
            case ast.With() | ast.AsyncWith():
                self.lines = (node.lineno, node.items[-1].context_expr.end_lineno or node.lineno)
                for item in node.items:
                    self._expressions(item, "context_expr")
                    self._bind(item.optional_vars)
                self._block(node, "body")
            case ast.Try() | ast.TryStar():
                self._block(node, "body")
                for handler in node.handlers:
                    self._block(handler, "body")
                self._block(node, "orelse")
                self._block(node, "finalbody")
            case ast.Match():
                self._match(node)
            case _:
                self._simple(place, node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if node.name == "__repr__":
            return
        self.lines = (node.lineno, max(node.lineno, node.body[0].lineno - 1))
        self._expressions(node.args, "defaults")
        self._expressions(node.args, "kw_defaults")
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        self.scope += ["<locals>", node.name] if self.bound else [node.name]
        self.bound.append({argument.arg for argument in every})
        self._block(node, "body")
        self.bound.pop()
        del self.scope[-2 if self.bound else -1 :]

    def _match(self, node: ast.Match) -> None:
        self.lines = (node.lineno, node.subject.end_lineno or node.lineno)
        self._expressions(node, "subject")
        for index, case in enumerate(node.cases):
            last = case.guard or case.pattern
            self.lines = (case.pattern.lineno, last.end_lineno or case.pattern.lineno)
            if len(node.cases) > 1:
                rest = node.cases[:index] + node.cases[index + 1 :]
                self._note(
                    "element", f"case {ast.unparse(case.pattern)}", "nothing", Edit(node, "cases", rest)
                )
            if case.guard is not None:
                self._condition(case, "guard")
            self._block(case, "body")

    def _simple(self, place: "_Place", node: ast.stmt) -> None:
        is_inside = bool(self.bound)
        match node:
            case ast.Return(value=value) if value is not None:
                if not (isinstance(value, ast.Constant) and value.value is None):
                    self._instead("return", place, ast.Return(ast.Constant(None)))
                self._expressions(node, "value")
            case ast.Raise():
                self._instead("delete", place, ast.Pass())
            case ast.Delete():
                self._instead("delete", place, ast.Pass())
            case ast.Break():
                self._instead("loop", place, ast.Continue())
            case ast.Continue():
                self._instead("loop", place, ast.Break())
            case ast.Expr(value=value) if not isinstance(value, ast.Constant):
                self._instead("delete", place, ast.Pass())
                self._expressions(node, "value")
            case ast.AugAssign(op=operator):
                if is_inside:
                    self._instead("delete", place, ast.Pass())
                other = _ARITHMETIC.get(type(operator))
                if other is not None and not _is_text(node.value):
                    self._change("arithmetic", node, "op", other())
                self._expressions(node, "value")
            case ast.Assign(targets=targets):
                self._assignment(place, node, targets)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                self._assignment(place, node, [target])

    def _assignment(self, place: "_Place", node: ast.Assign | ast.AnnAssign, targets: list[ast.expr]) -> None:
        value = node.value
        assert value is not None, "an annotation without value is no assignment"
        if not self.bound:
            if not _is_left_alone(node, targets[0], value):
                self._expressions(node, "value")
            return
        names = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and _is_stored(n)}
        is_none = isinstance(value, ast.Constant) and value.value is None
        if names <= self.bound[-1]:
            self._instead("delete", place, ast.Pass())
        elif all(isinstance(target, ast.Name) for target in targets) and not is_none:
            self._change("assign", node, "value", ast.copy_location(ast.Constant(None), value))
        self._expressions(node, "value")
        for target in targets:
            self._expressions_below(target)
            self._bind(target)

    def _bind(self, target: ast.expr | None) -> None:
        if self.bound and target is not None:
            stored = [n.id for n in ast.walk(target) if isinstance(n, ast.Name) and _is_stored(n)]
            self.bound[-1].update(stored)

    # --- expressions -----------------------------------------------------------------------

    def _condition(
        self, owner: ast.AST, name: str, index: int | None = None, *, is_loop: bool = False
    ) -> None:
        held = getattr(owner, name)
        place = _Place(owner, name, index, held if index is None else held[index])
        if not is_loop:  # a loop without end is killed by the clock alone
            self._instead("condition", place, ast.Constant(True))
        self._instead("condition", place, ast.Constant(False))
        self._expression(place, is_condition=not is_loop)

    def _expressions(self, owner: ast.AST, name: str) -> None:
        held = getattr(owner, name)
        if isinstance(held, list):
            for index, node in enumerate(held):
                if isinstance(node, ast.AST):
                    self._expression(_Place(owner, name, index, node))
        elif isinstance(held, ast.AST):
            self._expression(_Place(owner, name, None, held))

    def _expressions_below(self, node: ast.AST) -> None:
        for name, _ in ast.iter_fields(node):
            self._expressions(node, name)

    def _expression(self, place: "_Place", *, is_condition: bool = False) -> None:
        node = place.node
        match node:
            case ast.Constant():
                self._constant(place, node)
            case ast.Compare():
                self._compare(node, is_condition=is_condition)
            case ast.BoolOp():
                self._bool(place, node)
            case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
                self._note("not", node, operand, Edit(place.owner, place.name, place.with_(operand)))
                self._expressions(node, "operand")
            case ast.BinOp():
                other = _ARITHMETIC.get(type(node.op))
                is_type = isinstance(node.op, ast.BitOr) and not self.bound
                if other is not None and not is_type and not (_is_text(node.left) or _is_text(node.right)):
                    self._change("arithmetic", node, "op", other())
                self._expressions_below(node)
            case ast.IfExp():
                self._condition(node, "test")
                self._expressions(node, "body")
                self._expressions(node, "orelse")
            case ast.comprehension():
                self._expressions(node, "iter")
                for index in range(len(node.ifs)):
                    self._condition(node, "ifs", index)
            case ast.Subscript():
                self._subscript(node)
            case ast.Call():
                self._call(place, node)
            case ast.Set() | ast.Dict():
                self._display(node)
            case ast.Lambda():
                self._expressions(node, "body")
            case _:
                self._expressions_below(node)

    def _constant(self, place: "_Place", node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._instead("constant", place, ast.Constant(not node.value))
        elif isinstance(node.value, int | float):
            self._instead("constant", place, ast.Constant(node.value + 1))

    def _compare(self, node: ast.Compare, *, is_condition: bool) -> None:
        for index, operator in enumerate(node.ops):
            others = [_BOUNDARY.get(type(operator)), _OPPOSITE[type(operator)]]
            if is_condition:
                others.pop()  # True and False say more than the opposite
            for other in filter(None, others):
                self._change("compare", node, "ops", [*node.ops[:index], other(), *node.ops[index + 1 :]])
        self._expressions_below(node)

    def _bool(self, place: "_Place", node: ast.BoolOp) -> None:
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self._change("bool", node, "op", other)
        for index in range(len(node.values)):
            rest = node.values[:index] + node.values[index + 1 :]
            less = rest[0] if len(rest) == 1 else ast.copy_location(ast.BoolOp(node.op, rest), node)
            self._note("operand", node, less, Edit(place.owner, place.name, place.with_(less)))
        self._expressions(node, "values")

    def _subscript(self, node: ast.Subscript) -> None:
        place = _Place(node, "slice", None, node.slice)
        match node.slice:
            case ast.Constant(value=0):
                self._change("index", node, "slice", _at(ast.UnaryOp(ast.USub(), ast.Constant(1)), node))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1)):
                self._change("index", node, "slice", _at(ast.Constant(0), node))
            case ast.Slice() as bounds:
                for name in ("lower", "upper"):
                    if getattr(bounds, name) is not None:
                        kept = {n: getattr(bounds, n) for n in ("lower", "upper", "step") if n != name}
                        self._change("index", node, "slice", _at(ast.Slice(**kept), bounds))
        self._expressions(node, "value")
        self._expression(place)

    def _call(self, place: "_Place", node: ast.Call) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else None
        method = node.func.attr if isinstance(node.func, ast.Attribute) else None
        if name in _SWAPS:
            self._change("swap", node, "func", _at(ast.Name(_SWAPS[name], ast.Load()), node.func))
        if len(node.args) == 2 and not node.keywords and (method in _HAS_DEFAULT or name == "next"):
            self._change("default", node, "args", node.args[:1])
        called = name or method or ""
        may_go = self.defaults.get(called)
        for index, word in enumerate(node.keywords):
            if word.arg is None or called in _KEYWORDS_LEFT_ALONE:
                continue
            if may_go is None or word.arg in may_go:
                rest = node.keywords[:index] + node.keywords[index + 1 :]
                before = f"{ast.unparse(node.func)}({word.arg}={ast.unparse(word.value)})"
                self._note("keyword", before, "nothing", Edit(node, "keywords", rest))
        self._expressions(node, "func")
        if name != "isinstance":
            self._expressions(node, "args")
        for word in node.keywords:
            self._expressions(word, "value")

    def _display(self, node: ast.Set | ast.Dict) -> None:
        names = ("elts",) if isinstance(node, ast.Set) else ("keys", "values")
        count = len(getattr(node, names[0]))
        for index in range(count if count > 1 else 0):
            less = type(node)(**{n: getattr(node, n)[:index] + getattr(node, n)[index + 1 :] for n in names})
            gone = getattr(node, names[0])[index] or getattr(node, names[-1])[index]
            self._note("element", gone, "nothing", _Everything(node, less))
        self._expressions(node, names[-1])


@dataclass(frozen=True)
class _Place:
    """Where a node hangs."""

    owner: ast.AST
    name: str
    index: int | None
    node: Any

    def with_(self, new: ast.AST | None) -> Any:
        """The value of the field with another node in this place."""
        if self.index is None:
            return new
        held = list(getattr(self.owner, self.name))
        held[self.index] = new
        return held


class _Everything(Edit):
    """All fields of a node at once."""

    def __init__(self, owner: ast.AST, other: ast.AST) -> None:
        super().__init__(owner, "", dict(ast.iter_fields(other)))

    def apply(self) -> None:
        self.old = dict(ast.iter_fields(self.owner))
        vars(self.owner).update(self.new)

    def undo(self) -> None:
        vars(self.owner).update(self.old)


def _at(new: Any, old: ast.AST) -> Any:
    return ast.fix_missing_locations(ast.copy_location(new, old))


def _is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _is_left_alone(node: ast.Assign | ast.AnnAssign, target: ast.expr, value: ast.expr) -> bool:
    """Limits of size and lists of names."""
    name = ast.unparse(target)
    if name in ("__all__", "__slots__"):
        return True
    is_final = isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation).startswith("Final")
    is_number = not any(
        isinstance(n, ast.Call | ast.Dict | ast.List | ast.Tuple | ast.Set) for n in ast.walk(value)
    )
    return is_number and (is_final or name.endswith("_MAX"))


def _quiet_lines(target: Target) -> set[int]:
    quiet = set()
    for number, line in enumerate(target.source.splitlines(), 1):
        found = _PRAGMA.search(line)
        if found is not None:
            if not found[1].strip():
                text = f"{target.file}:{number}: expected `# pragma: no mutate: <reason>`, found no reason"
                raise PragmaWithoutReason(text)
            quiet.add(number)
    return quiet
