"""The edge lets in what its own page sends, and nothing else; its words are complete in both languages."""

import ast
import re
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from casekiosk import render, strokes, words
from casekiosk.asking import Answer, Ask
from casekiosk.labels import compartment_code
from casekiosk.limits import BODY_BYTES_MAX, PHOTO_BYTES_MAX
from casekiosk.screens import Frame, Labels, Menu, Opening, Screen, Start
from casekiosk.serving import Listen, ListenError
from casekiosk.steps.listing import TITLES
from casekiosk.tasks import TASKS
from casekiosk.web import TOKEN_HEADER, Edge, Screens
from custody.locker_words import LOCKER_FAILURES, LOCKER_PURPOSES, LOCKER_WAITS
from custody.messages import placeholders
from custody.name import Name

HOST = "http://localhost"
FOLDER = Path(str(resources.files("casekiosk")))


class Desk:
    """Answers every ask at once with the start screen, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[Ask] = []
        self.is_full = False
        self.screens = Screens(Edge({"e": Name("柜", "Cabinet")}, self.offer, lambda officer: bytes(16)))
        self.client = TestClient(self.screens.app, base_url=HOST, raise_server_exceptions=False)

    def offer(self, ask: Ask) -> bool:
        if self.is_full:
            return False
        self.asked.append(ask)
        self.screens.answer(Answer(ask.id, 200, 1, Screen(Start("e", "effects"))))
        return True


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def headers(desk: Desk) -> dict[str, str]:
    """What the page of this screen sends."""
    page = desk.client.get("/c/e")
    token = re.search(r'data-token="([0-9a-f]{64})"', page.text)
    assert token is not None
    return {TOKEN_HEADER: token[1]}


def test_the_page_takes_scripts_pictures_and_camera_from_itself_alone(desk: Desk) -> None:
    page = desk.client.get("/c/e?lang=en")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert page.headers["permissions-policy"] == "camera=(self), microphone=(), geolocation=()"
    assert "style=" not in page.text
    assert not re.search(r"<script(?![^>]*\bsrc=)", page.text)
    assert '<html lang="en"' in page.text
    cookie = page.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    for name in re.findall(r'(?:src|href)="/static/([^"]+)"', page.text):
        assert desk.client.get(f"/static/{name}").status_code == 200, name


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({TOKEN_HEADER: "0" * 64}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"host": "evil.example"}, 400),
        ({}, 200),
    ],
)  # fmt: skip
def test_a_touch_comes_from_this_screens_own_page(desk, headers, change: dict[str, str], status: int) -> None:
    before = len(desk.asked)
    answer = desk.client.post("/c/e/act", json={"action": "leave"}, headers=headers | change)
    assert answer.status_code == status
    assert len(desk.asked) == before + (status == 200)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("act", b"not json", 422),
        ("act", b'{"action":"x","fields":{"a":1}}', 422),
        ("act", b"[" * 50_000, 422),
        ("act", b'{"action":"pin","fields":{"officer":"\\ud800","pin":"271828"}}', 422),
        ("act", b"x" * (BODY_BYTES_MAX + 1), 413),
        ("photo", b"GIF89a", 415),
        ("photo", b"\xff\xd8\xff" + bytes(PHOTO_BYTES_MAX), 413),
        ("sign", b'{"part":"person","strokes":[[[1,2],[9999,3]]]}', 422),
        ("sign", b'{"part":"person","strokes":[[[1,2]]]}', 422),
    ],
)  # fmt: skip
def test_what_no_screen_of_ours_sends_is_refused_and_asks_nothing(desk, headers, path, body, status) -> None:
    before = len(desk.asked)
    answer = desk.client.post(f"/c/e/{path}", content=body, headers=headers)
    assert answer.status_code == status
    assert len(desk.asked) == before


def test_a_pin_goes_on_as_a_hash_and_never_as_what_was_typed(desk: Desk, headers: dict[str, str]) -> None:
    desk.client.post(
        "/c/e/act", json={"action": "pin", "fields": {"officer": "0540", "pin": "271828"}}, headers=headers
    )
    ask = desk.asked[-1]
    assert ask.fields == {"officer": "0540"}
    assert ask.digest is not None
    assert "271828" not in repr(ask)


def test_a_gateway_without_room_is_said_to_be_away(desk: Desk, headers: dict[str, str]) -> None:
    desk.is_full = True
    assert desk.client.post("/c/e/act", json={"action": "leave"}, headers=headers).status_code == 503
    assert desk.client.get("/c/other").status_code == 404
    assert desk.client.get("/static/../web.py").status_code == 404


def test_labels_are_codes_of_references_that_scanners_read_and_the_pages_lead_to_them(desk: Desk) -> None:
    shown = Labels((
        ("caseward:item:i-1", Name("1", "1"), "i-1"), (compartment_code("a1", "L07"), Name("七号", "No. 7"), "L07"),
    ))  # fmt: skip
    page = render.labels(shown, "e", "en")
    assert ("<b>No. 7</b>" in page, "<b>七号</b>" in render.labels(shown, "e", "zh")) == (True, True)
    assert page.count("<svg") == 2
    assert not re.search(r"<script(?![^>]*\bsrc=)|style=", page)
    assert 'href="/c/e"' in page, "the way back: a screen without keys has no other"
    assert compartment_code("a1", "L07") == "caseward:compartment:a1/L07"
    opened = Opening(
        "L07", Name("七号", "No. 7"), "open", "store", 1, (("L07", Name("七号", "No. 7"), "this"),)
    )
    for language, word, other in (("zh", "七号", "No. 7"), ("en", "No. 7", "七号")):
        screen = render.screen(Screen(opened, Frame(cabinet="e")), language, "Asia/Shanghai")
        assert screen.count(word) >= 3, "large, on the map, and for who hears it"
        assert other not in screen
    menu = render.screen(Screen(Menu(("count",)), Frame(cabinet="e")), "zh", "Asia/Shanghai")
    (address,) = re.findall(r'href="([^"]*labels[^"]*)"', menu)
    assert desk.client.get(address).status_code == 403, "nobody is signed in: the route is there"


def test_off_this_machine_it_takes_tls_and_a_client_certificate() -> None:
    Listen("127.0.0.1", 0)
    with pytest.raises(ListenError, match="certificate, key and client authority"):
        Listen("0.0.0.0", 0)
    with pytest.raises(ListenError):
        Listen("0.0.0.0", 0, Path("a"), Path("b"))


def test_a_signature_is_a_picture_of_its_strokes_and_holds_nothing_else() -> None:
    drawn = strokes.picture([[[1, 2], [3, 4], [5, 6], [7, 8]]]).decode()
    assert drawn.count("<path") == 1
    assert 'd="M1,2 3,4 5,6 7,8"' in drawn
    for wrong in (None, [], [[]], [[["1", 2]]], [[[1, 2]]] * 500):
        with pytest.raises(strokes.StrokeError):
            strokes.picture(wrong)


# --- words -------------------------------------------------------------------------------------

LITERAL = re.compile(r"""\bt\.t\(\s*"([a-z_.]+)"|\bw\.t\(\s*["']([a-z_.]+)["']|self\.t\("([a-z_.]+)\"""")
CHOSEN = re.compile(r"""\b[tw]\.t\(\s*["']([a-z_.]+\.)["'] ~""")
FAMILY = re.compile(r"""\.of\(\s*["']([a-z_]+)["']""")


def sources() -> Iterator[str]:
    for path in [*FOLDER.rglob("*.py"), *FOLDER.rglob("*.html")]:
        yield path.read_text(encoding="utf-8")


def reasons() -> set[str]:
    """Every reason for which a desk of ours does not take a touch."""
    found = set()
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if is_call and node.func.id in ("NotNow", "Note") and node.args:
                found |= {n.value for n in ast.walk(node.args[0]) if isinstance(n, ast.Constant)}
    return {reason for reason in found if isinstance(reason, str)}


FAMILIES: dict[str, Callable[[], set[str]]] = {
    "note": reasons,
    "task": lambda: set(TASKS),
    "task_what": lambda: set(TASKS),
    "title": lambda: set(TITLES),
    "step": lambda: {step for task in TASKS.values() for step in task.steps},
    "part": lambda: {part for task in TASKS.values() for part in task.pads} | {"keeper", "witness"},
    "why": lambda: {*LOCKER_FAILURES, *LOCKER_WAITS},
    "open.do": lambda: (
        {task.purpose for task in TASKS.values() if "open" in task.steps} & set(LOCKER_PURPOSES)
    ),
    "done.title": lambda: set(TASKS),
    "sheet.title": lambda: {task.name for task in TASKS.values() if task.pads},
    "sheet.holder_is": lambda: {task.name for task in TASKS.values() if task.pads},
}


def test_every_word_exists_in_both_languages_with_the_same_values() -> None:
    book = words.catalogue()
    for id in sorted(book.ids()):
        entry = book.entry(id)
        assert set(entry) == {"zh", "en"}, id
        assert placeholders(entry["zh"]) == placeholders(entry["en"]), id


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_family_covers_its_values(family: str) -> None:
    known = {id.removeprefix(f"{family}.") for id in words.catalogue().ids() if id.startswith(f"{family}.")}
    assert FAMILIES[family]() <= known


def test_every_id_that_is_used_is_there_and_every_entry_is_used() -> None:
    text = "\n".join(sources())
    literal = {id for match in LITERAL.findall(text) for id in match if id and not id.endswith(".")}
    chosen = set(CHOSEN.findall(text))
    families = set(FAMILY.findall(text))
    ids = words.catalogue().ids()
    assert literal - ids == set()
    unused = {
        id
        for id in ids - literal
        if not any(id.startswith(prefix) for prefix in chosen) and id.rpartition(".")[0] not in families
    }
    assert unused == set()
