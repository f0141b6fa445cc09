"""The pages over HTTP, by the real application: who may see and do what, and that every act goes through the log."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi.testclient import TestClient

from tests.web import day
from tests.web.conversation import client_of, token
from tests.web.house import PASSWORD, House
from tests.web.screenshots import alarm_path


@pytest.fixture
def duty(house: House) -> Iterator[TestClient]:
    return client_of(house, "0312")


def last_leaf(house: House, type_name: str) -> dict[str, object]:
    log = house.gateways["a1"].log
    leaves = [json.loads(log.leaf(index)) for index in range(log.size)]
    return next(leaf for leaf in reversed(leaves) if leaf["type"] == f"{type_name}/1")


PAGES = [
    "/",
    "/?area=a1",
    "/?area=nowhere",
    "/alarms",
    "/stays",
    "/stays/new",
    "/stays/a1/0409",
    "/stays/a1/0420/band",
    "/stays/a1/0420/search",
    "/stays/a1/0403/release",
    "/coverage",
    "/blind",
    "/duty",
    "/witness",
    "/log/a1/12",
]


@pytest.mark.parametrize(
    "path", [*PAGES, "/events", "/events/alarms", "/alarms/a1/x", "/stays/a1/0403/extension"]
)
def test_without_a_session_every_page_sends_to_the_sign_in(afternoon: House, path: str) -> None:
    answer = client_of(afternoon).get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_answers_in_the_language_that_was_asked(
    afternoon: House, path: str, language: str
) -> None:
    answer = client_of(afternoon, "0312").get(path, params={"lang": language})
    assert answer.status_code == 200
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}"' in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"


def test_language_and_theme_are_remembered(afternoon: House) -> None:
    client = client_of(afternoon, "0312")
    client.get("/?lang=en&theme=night")
    again = client.get("/alarms").text
    assert 'lang="en"' in again
    assert 'data-theme="night"' in again


@pytest.mark.parametrize("path", ["/alarms/a1/nothing", "/alarms/nowhere/x", "/log/a1/99999999", "/log/a1/99999999999999999999999", "/stays/a1/nobody", "/stays/nowhere/0409", "/stays/a1/nobody/band", "/static/x/..%2Fpages.py", "/static/x/nothing.css"])  # fmt: skip
def test_what_is_not_there_is_404_and_never_an_error_of_ours(afternoon: House, path: str) -> None:
    assert client_of(afternoon, "0312").get(path).status_code in (404, 422)


def test_a_wrong_password_says_so_and_changes_nothing(afternoon: House) -> None:
    answer = client_of(afternoon).post("/sign-in", data={"badge": "0312", "password": "wrong"})
    assert answer.status_code == 401
    assert "警号或者口令不对" in answer.text
    assert "没有改动任何记录" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_after_the_sign_in_nobody_is_sent_elsewhere(afternoon: House, target: str) -> None:
    answer = client_of(afternoon).post(
        "/sign-in", data={"badge": "0312", "password": PASSWORD, "next": target}
    )
    assert answer.headers["location"] == "/"


def test_signing_out_ends_the_session(house: House, duty: TestClient) -> None:
    assert duty.post("/sign-out", data={"csrf": token(duty)}).status_code == 303
    assert duty.get("/").status_code == 303


@pytest.mark.parametrize(
    "path", ["/stays/new", "/stays/a1/0420/band", "/stays/a1/0403/release", "/alarms/a1/x/take", "/sign-out"]
)
def test_a_form_without_its_token_is_refused(shared_house: House, path: str) -> None:
    size = shared_house.gateways["a1"].log.size
    assert client_of(shared_house, "0312").post(path, data={"band": "B99"}).status_code == 403
    assert shared_house.gateways["a1"].log.size == size


def test_a_form_from_another_site_is_refused(shared_house: House) -> None:
    duty = client_of(shared_house, "0312")
    answer = duty.post("/stays/new", data={"csrf": token(duty)}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


def test_a_registration_is_in_the_gateway_s_log_when_the_page_says_so(house: House, duty: TestClient) -> None:
    form = {
        "csrf": token(duty),
        "stay": "0421",
        "measure": "criminal_summons",
        "case": "c-9",
        "arrived": "14:20",
        "sex": "F",
    }
    answer = duty.post("/stays/new", data=form)
    assert answer.status_code == 200, answer.text
    assert "0421 已登记" in answer.text
    assert "已入网关日志" in answer.text
    leaf = last_leaf(house, "stay.registered")
    assert leaf["body"]["officer"] == "0312"  # type: ignore[index]
    assert leaf["occurred"]["by"] == "server"  # type: ignore[index]
    assert "0421" in duty.get("/").text


def test_a_refused_registration_says_why_and_states_nothing(house: House, duty: TestClient) -> None:
    size = house.gateways["a1"].log.size
    form = {"csrf": token(duty), "stay": "0412", "measure": "arrest", "case": "c", "sex": "M"}
    answer = duty.post("/stays/new", data=form)
    assert answer.status_code == 422
    assert "0412 已经登记过" in answer.text
    assert "没有改动任何记录" in answer.text
    assert house.gateways["a1"].log.size == size


def test_a_search_is_signed_with_its_officers(house: House, duty: TestClient) -> None:
    answer = duty.post("/stays/a1/0420/search", data={"csrf": token(duty), "officers": ["0007", "1187"]})
    assert answer.status_code == 200
    assert last_leaf(house, "search.signed")["body"]["officers"] == ["0007", "1187"]  # type: ignore[index]


def test_a_band_is_bound_once(house: House, duty: TestClient) -> None:
    duty.post(
        "/stays/new", data={"csrf": token(duty), "stay": "0421", "measure": "arrest", "case": "c", "sex": "M"}
    )
    answer = duty.post("/stays/a1/0421/band", data={"csrf": token(duty), "band": "B21"})
    assert "0421 已绑手环 B21" in answer.text
    again = duty.post("/stays/a1/0421/band", data={"csrf": token(duty), "band": "B22"})
    assert again.status_code == 422
    assert "没有绑成：0421 已有手环 B21" in again.text


def test_only_the_right_head_may_approve_an_extension(house: House, duty: TestClient) -> None:
    assert duty.get("/stays/a1/0403/extension").status_code == 403
    form = {"csrf": token(duty), "limit": "T5.12h", "ground": "many_persons_involved"}
    refused = duty.post("/stays/a1/0403/extension", data=form)
    assert refused.status_code == 409
    assert "你的角色不能办这件事" in refused.text
    head = client_of(house, "0007")
    answer = head.post("/stays/a1/0403/extension", data=form | {"csrf": token(head)})
    assert "0403 已批准延长至 12 小时" in answer.text
    assert last_leaf(house, "extension.approved")["body"]["approver"] == "0007"  # type: ignore[index]
    assert "19:00" in duty.get("/").text


def test_what_the_engine_refuses_is_shown_with_its_reason(house: House) -> None:
    house.clock.tell(day.at("15:30"))
    house.deliver()
    head = client_of(house, "0007")
    form = {"csrf": token(head), "limit": "T5.12h", "ground": "many_persons_involved"}
    answer = head.post("/stays/a1/0403/extension", data=form)
    assert answer.status_code == 409
    assert "批准时期限已过 30 分" in answer.text
    assert "治安管理处罚法 第97条" in answer.text
    assert "没有改动任何记录" in answer.text


def test_a_release_ends_the_stay_and_its_record_stays(house: House, duty: TestClient) -> None:
    answer = duty.post("/stays/a1/0418/release", data={"csrf": token(duty), "reason": "released"})
    assert "0418 已离区" in answer.text
    assert duty.get("/stays/a1/0418").status_code == 200
    assert duty.get("/stays/a1/0418/release").status_code == 404


def test_an_alarm_is_taken_handled_and_verified_by_two_officers(house: House, duty: TestClient) -> None:
    path = alarm_path(house, "M4")
    assert duty.post(f"{path}/take", data={"csrf": token(duty)}).headers["location"] == path
    assert "0312" in duty.get(path).text
    wrong = duty.post(f"{path}/rectify", data={"csrf": token(duty), "cause": "power"})
    assert wrong.status_code == 409
    assert "要填：做法" in wrong.text
    good = duty.post(f"{path}/rectify", data={"csrf": token(duty), "cause": "power", "action": "restarted"})
    assert good.status_code == 303
    own = duty.post(f"{path}/verify", data={"csrf": token(duty)})
    assert own.status_code == 409
    house.clock.tell(house.clock.now_us + 30_000_000)
    house.gateways["a1"].say(
        "recorder.started", house.clock.now_us, by="node", recorder="rec-interrogation-2"
    )
    house.deliver()
    second = client_of(house, "0100")
    assert second.post(f"{path}/verify", data={"csrf": token(second)}).status_code == 303
    assert "已关闭" in duty.get(path).text
    assert path not in duty.get("/").text


def test_out_of_order_handling_is_refused_by_the_engine_and_shown(house: House, duty: TestClient) -> None:
    path = alarm_path(house, "M4")
    answer = duty.post(f"{path}/rectify", data={"csrf": token(duty), "cause": "power", "action": "restarted"})
    assert answer.status_code == 409
    assert "没有办成" in answer.text


def test_a_form_that_is_too_large_is_refused(duty: TestClient) -> None:
    answer = duty.post("/stays/new", data={"csrf": token(duty), "stay": "9" * 5000})
    assert answer.status_code == 413
    assert (
        duty.post(
            "/stays/new",
            content=b"x" * 300_000,
            headers={"content-type": "application/x-www-form-urlencoded"},
        ).status_code
        == 413
    )


def test_reading_a_record_is_written_down(house: House, duty: TestClient) -> None:
    from sqlalchemy import text

    duty.get("/stays/a1/0409")
    with house.program.database.reading() as connection:
        found = connection.execute(
            text("select number, subject from audit where action = 'record.read'")
        ).all()
    assert [tuple(row) for row in found] == [("0312", "a1/0409")]


def test_a_leaf_is_shown_letter_for_letter(afternoon: House) -> None:
    import html

    page = client_of(afternoon, "0312").get("/log/a1/12").text
    shown = re.search(r'<pre class="leafdata">(.*?)</pre>', page, re.S)
    assert shown is not None
    assert html.unescape(shown[1]).encode() == afternoon.gateways["a1"].log.leaf(12)


def events(stream: Iterator[str], count: int) -> list[tuple[str, dict[str, object]]]:
    """The next events of a stream."""
    found, name = [], ""
    for line in stream:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            found.append((name, json.loads(line.removeprefix("data: "))))
            if len(found) == count:
                break
    return found


def test_the_wall_s_stream_sends_everything_first_and_then_only_what_changed(house: House) -> None:
    with house.served() as address, httpx.Client(base_url=address, timeout=60) as client:
        client.post("/sign-in", data={"badge": "0312", "password": PASSWORD})
        with client.stream("GET", "/events") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = answer.iter_lines()
            (_, first), (_, beat) = events(lines, 2)
            assert set(first["regions"]) == {"top", "people", "plan", "alarms", "health"}  # type: ignore[call-overload]
            assert first["now"] == house.clock.now_us // 1000
            assert beat["regions"] == {}
            house.gateways["a1"].say(
                "door.opened", day.NOW + 1_000_000, by="node", source="n2", door="door-interrogation-1"
            )
            house.clock.tell(day.NOW + 1_000_000)
            house.deliver()
            changed = [name for _, event in events(lines, 3) for name in event["regions"]]  # type: ignore[attr-defined]
            assert "plan" in changed
            assert "alarms" not in changed


def test_an_alarm_s_own_stream_follows_its_handling(house: House) -> None:
    path = alarm_path(house, "M4")
    with house.served() as address, httpx.Client(base_url=address, timeout=60) as client:
        client.post("/sign-in", data={"badge": "0312", "password": PASSWORD})
        with client.stream("GET", f"/events{path}") as answer:
            lines = answer.iter_lines()
            events(lines, 1)
            alarm = path.rpartition("/")[2].replace("~", "/")
            house.gateways["a1"].say("alarm.taken", day.NOW, by="server", alarm=alarm, officer="0312")
            house.deliver()
            html = [str(e["regions"]["alarm"]) for _, e in events(lines, 3) if "alarm" in e["regions"]]  # type: ignore[index,operator]
            assert "0312 接单" in html[-1]  # a picture before it may only bring the reasons


def test_other_pages_take_turns_with_each_other_and_none_with_a_wall(
    house: House, duty: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from caseserver.web import live

    taken = []

    async def pictures(turns: live.Turns, *_: object) -> AsyncIterator[str]:
        taken.append(turns)
        yield "retry: 1000\n\n"

    monkeypatch.setattr(live, "pictures", pictures)
    for path in ("/events", "/events?area=a1", "/events/alarms", f"/events{alarm_path(house, 'M4')}"):
        assert duty.get(path).status_code == 200
    wall, of_an_area, alarms, alarm = taken
    assert wall is of_an_area
    assert alarms is alarm
    assert wall is not alarms


def test_a_stream_ends_when_its_session_does(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from caseserver.web import live

    monkeypatch.setattr(live, "ASK_S", 0.0)
    with house.served() as address, httpx.Client(base_url=address, timeout=60) as client:
        client.post("/sign-in", data={"badge": "0312", "password": PASSWORD})
        page = client.get("/alarms").text
        csrf = re.search(r'name="csrf" value="([^"]+)"', page)
        assert csrf is not None
        with client.stream("GET", "/events") as answer:
            lines = answer.iter_lines()
            events(lines, 1)
            with httpx.Client(base_url=address, cookies=client.cookies, timeout=60) as other:
                other.post("/sign-out", data={"csrf": csrf[1]})
            names = [name for name, _ in events(lines, 5)]
            assert names[-1] == "leave"
