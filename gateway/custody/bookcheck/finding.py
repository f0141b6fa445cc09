"""What a check of a rulebook finds: codes with their wording, and a finding with its story."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from custody.area import Area
from custody.bookcheck.story import Story, shows
from custody.name import Name
from custody.rules import Rule

# What each finding says; {rule}, {other}: keys of rules, {step}, {what}, {why}: the particular.
FINDINGS: Final[Mapping[str, Name]] = {
    # a rule that speaks to nobody
    "unreachable": Name("{rule} 任何事实都触发不了", "no facts make {rule} speak"),
    "refused": Name(
        "{rule} 触发不了：{step} 填不进去（{why}）", "{rule} cannot speak: {step} is always refused ({why})"
    ),
    "done_already": Name(
        "{rule} 触发不了：它要求的事在它开始时已经做了",
        "{rule} cannot speak: what it asks for is done before it begins",
    ),
    "contradiction": Name("{rule} 要求的人不存在：{what}", "{rule} asks for a person nobody is: {what}"),
    "never_stated": Name(
        "{rule} 等的步骤没有事实可记：{step}（{why}）", "{rule} waits for what no fact states: {step} ({why})"
    ),
    "not_in_area": Name(
        "{rule} 在本办案区不起作用：{why} {step}", "{rule} has nothing to look at here: {why}: {step}"
    ),
    "stage_never": Name("{rule} 的 {what} 这一级到不了", "{rule} never reaches its level {what}"),
    # rules that want opposite things
    "opposite": Name(
        "{rule} 要求的 {step}，{other} 同时禁止",
        "{rule} demands {step}, {other} forbids it of the same person",
    ),
    "way_refuses": Name(
        "{rule} 要求的 {step}，流程表在那时不收（{why}）",
        "{rule} demands {step}, which the way refuses then ({why})",
    ),
    # approvals
    "tier_never": Name("{rule} 的 {what} 批不下来：{why}", "{rule}: {what} can never be given: {why}"),
    "ground_unknown": Name(
        "{rule} 的 {what} 没有一个认得的理由", "{rule}: {what} has no ground that is known"
    ),
    "approver_nobody": Name(
        "{rule}：{what} 没有人能批（{why}）", "{rule}: nobody on the roster can approve {what} ({why})"
    ),
    "approval_idle": Name(
        "没有规则、没有步骤要求批准 {step}", "no rule and no step asks for the approval {step}"
    ),
    # dead ends
    "phase_without_end": Name(
        "从 {what} 阶段到不了离区", "no step leads from phase {what} to the end of the stay"
    ),
    "step_stuck": Name(
        "{step} 要先有 {what}，在 {why} 阶段已经补不了",
        "{step} needs {what}, which can no longer be done in phase {why}",
    ),
    "without_end": Name(
        "{rule} 一旦报警就结束不了：{step}（{why}）",
        "{rule} stands with nothing that could end it: {step} ({why})",
    ),
    # pre-warnings
    "prewarning_late": Name(
        "{rule} 的预警 {what} 晚于 {other} 的时限 {why}",
        "{rule} warns at {what}, after the limit {why} of {other}",
    ),
    "prewarning_before_start": Name(
        "{rule} 的预警 {what} 在起算之前", "{rule} warns {what} before its limit, which is before it starts"
    ),
}
WARNINGS: Final = frozenset({"not_in_area"})  # true of this area, not a fault of the rulebook


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a rulebook.

    `rules`: keys of the rules concerned, or facts of the way. `story`: scenario lines that replay; `shows`:
    what the replay shows.
    """

    code: str
    rules: tuple[str, ...]
    says: Name
    story: tuple[str, ...]
    shows: Name

    @property
    def is_warning(self) -> bool:
        """It is no fault of the rulebook, but of the two together."""
        return self.code in WARNINGS

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "code": self.code,
            "rules": list(self.rules),
            "warning": self.is_warning,
            "says": {"zh": self.says.zh, "en": self.says.en},
            "shows": {"zh": self.shows.zh, "en": self.shows.en},
            "story": list(self.story),
        }


def found(
    code: str,
    area: Area,
    story: Story,
    *rules: Rule,
    keys: tuple[str, ...] = (),
    shown: Name | None = None,
    why: Name | None = None,
    **parts: str,
) -> Finding:
    """A finding about rules (the story's own when none is named), shown by a story.

    `keys`: what it is about when that is no rule; `shown`: what the replay shows when the story says it badly.
    """
    about = rules or (story.rule,)
    keys = keys or tuple(dict.fromkeys(rule.key for rule in about))
    why = why or Name("", "")
    wording = FINDINGS[code]
    both = {"rule": keys[0], "other": keys[-1], **parts}
    return Finding(
        code=code,
        rules=keys,
        says=Name(wording.zh.format(why=why.zh, **both), wording.en.format(why=why.en, **both)),
        story=story.lines,
        shows=shown if shown is not None else shows(story, area, *about),
    )


def refusals(story: Story) -> Name:
    """The refusals of a replay, in one line of each language."""
    told = story.played.refusals()
    zh = "；".join(f"{r.fact_type} 被拒（{r.reason}）：应为 {r.expected}，实为 {r.found}" for r in told)
    en = "; ".join(
        f"{r.fact_type} is refused ({r.reason}): expected {r.expected}, found {r.found}" for r in told
    )
    return Name(zh or "没有被拒的", en or "nothing is refused")
