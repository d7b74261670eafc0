"""docs/study-folder.md explains every key of study.toml, with its default and the values it may take."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from royst.study import agreement, design, expression, plan, xlsform

MANUAL = (Path(__file__).parents[2] / "docs" / "study-folder.md").read_text(encoding="utf-8")

SECTIONS = {
    "The top of the file": plan.StudyFile,
    "`[design]`": design.DesignSection,
    "`[waves.NAME]`": design.WaveSection,
    "`[carry]`": design.CarrySection,
    "`[data_agreement]`": agreement.AgreementSection,
    "`[data_agreement.receivers.NAME]`": agreement.ReceiverSection,
    "`[scales.NAME]`": plan.ScaleSection,
    "`[bands.NAME]`": plan.BandSection,
    "`[items.NAME]`": plan.ItemSection,
    "`[themes.NAME]`": plan.ThemeSection,
    "`[indices.NAME]`": plan.IndexSection,
    "`[groups.NAME]`": plan.GroupSection,
    "`[groups.NAME.categories.NAME]`": plan.Category,
    "`[plan]`": plan.PlanSection,
    "`[families.NAME]`": plan.FamilySection,
    "`[[comparisons]]`": plan.ComparisonSection,
    "`[[goals]]`": plan.GoalSection,
    "`[[sources]]`": plan.SourceSection,
    "`[[findings]]`": plan.FindingSection,
    "`[[contacts]]`": plan.ContactSection,
    '`[releases."NAME"]`': plan.ReleaseSection,
    '`[releases."NAME".picture]`': plan.PictureSection,
}


def rows(heading: str) -> dict[str, tuple[str, str]]:
    """Key to meaning and default, of the table under a heading."""
    body = re.split(rf"^### {re.escape(heading)}$", MANUAL, flags=re.MULTILINE)[1]
    body = re.split(r"^##", body, flags=re.MULTILINE)[0]
    return {
        key: (meaning, default)
        for key, meaning, default in re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", body, flags=re.MULTILINE)
    }


def shown(field) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return f'`"{value}"`' if value else "empty"
    return f"`{value}`" if isinstance(value, int | float) else "none"


def choices(annotation) -> set[str]:
    if get_origin(annotation) is Literal:
        return {str(choice) for choice in get_args(annotation)}
    return {choice for part in get_args(annotation) for choice in choices(part)}


def models() -> set[type]:
    found = {
        value
        for module in (plan, design, agreement)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, design.Section)
    }
    return found - {design.Section}


def test_every_section_has_a_heading():
    assert set(SECTIONS.values()) == models()


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_is_explained_with_its_default_and_its_values(heading):
    told, fields = rows(heading), SECTIONS[heading].model_fields
    assert list(told) == list(fields)
    for key, field in fields.items():
        meaning, default = told[key]
        assert default == shown(field), key
        for choice in choices(field.annotation):
            assert f"`{choice}`" in meaning, (key, choice)


def test_every_function_and_own_column_of_a_questionnaire_is_named():
    for name in (*expression.FUNCTIONS, *(column for columns in xlsform.OWN.values() for column in columns)):
        assert f"`{name}`" in MANUAL, name


def within(part, whole) -> bool:
    """Whether everything that a piece of TOML says is said by the whole, too."""
    if isinstance(part, dict):
        return all(key in whole and within(value, whole[key]) for key, value in part.items())
    if isinstance(part, list) and part and isinstance(part[0], dict):
        return all(any(within(one, other) for other in whole) for one in part)
    return part == whole


def test_the_edits_shown_for_own_data_are_those_that_are_tested():
    page = (Path(__file__).parents[2] / "docs" / "own-data.md").read_text(encoding="utf-8")
    edits = tomllib.loads((Path(__file__).parent / "data" / "help_edits.toml").read_text(encoding="utf-8"))
    shown_edits = [
        tomllib.loads(re.sub(r"^  ", "", block, flags=re.MULTILINE))
        for block in re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    ]
    assert len(shown_edits) >= 7
    for edit in shown_edits:
        assert within(edit, edits), edit
