"""Which changes of the world a rule has to be judged again after."""

from custody.rules import Between, Rule


def of_steps(names: tuple[str, ...]) -> set[str]:
    """The aspects that tell of these steps."""
    found: set[str] = set()
    for name in names:
        base = name.partition("@")[0]
        if base.startswith("measure:"):
            found |= {"measure", "arrived"}
        else:
            found.add(base)
    return found


def of_between(between: Between | None) -> set[str]:
    """The aspects that tell of a stretch of the way."""
    return of_steps((*between.start, *between.end)) if between is not None else set()


def common(rule: Rule) -> set[str]:
    """The aspects that decide whether a rule speaks of its unit at all."""
    found = of_steps((*rule.after, *rule.unless)) | of_between(rule.during) | of_between(rule.not_during)
    if rule.measures:
        found.add("measure")
    if rule.when.is_of_item:
        found.add("item")
    elif not rule.when.is_empty:
        found.add("particulars")
    return found
