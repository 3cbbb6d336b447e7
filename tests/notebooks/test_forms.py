"""The project form: from file to fields, and back."""

from __future__ import annotations

from pathlib import Path
from datetime import UTC, date, datetime
from typing import Any

import pytest
import yaml
from core_facts import SOURCE_ID, make_project, settings

from xtmig_kernel.jupyter.forms import ProjectForm
from xtmig_kernel.jupyter.forms_data import FIELDS, FieldError, load, merged, problems, save, texts
from xtmig_kernel.project import load_project

FOLDER = Path("project")


def test_fields_give_back_what_they_were_filled_with() -> None:
    """Reading a project into the form and putting it back changes nothing of what the project says."""
    approvers = [{"name": "Ann", "upn": "ann@contoso.com", "side": "source"}]
    data = settings(approvers=approvers, secret={"origin": "provided", "reference": "env:MOVE_SECRET"})
    again = merged(data, texts(data))
    assert make_project(approvers=approvers, secret=data["secret"]) == make_project(**again)


def test_choice_of_users_and_licences_goes_both_ways() -> None:
    """Who moves, their names in the target and the licences are read into the form and put back as they were."""
    data = settings(
        users={"choose": "group", "group": "Movers", "attribute": "CustomAttribute7", "tag": True},
        target_addresses={
            "local_part": "{first}.{last}",
            "domain_map": {"contoso.com": "northwindtraders.com", "fabrikam.com": "northwindtraders.com"},
        },
        licences={"exchange": "before move", "exchange_sku": "SPE_E3", "usage_location": "NL"},
    )
    assert make_project(**data) == make_project(**merged(data, texts(data)))


def test_yes_and_no_are_kept_as_such() -> None:
    """A box that is ticked is `true` in the file, one that is not leaves the key out."""
    data = settings()
    assert merged(data, texts(data) | {"users.tag": "yes"})["users"]["tag"] is True
    assert "tag" not in merged(settings(users={"tag": True}), texts(data) | {"users.tag": "no"})["users"]


def test_empty_fields_leave_no_empty_parts() -> None:
    """A part of which nothing is filled in is not written at all."""
    data = settings()
    values = dict.fromkeys(texts(data), "") | {path: text for path, text in texts(data).items() if "." not in path}
    assert "licences" not in merged(data, values)


def test_line_of_domains_needs_both() -> None:
    """A line that does not say which domain stands for which is named at its field."""
    with pytest.raises(FieldError, match=r"contoso\.com") as caught:
        merged(settings(), texts(settings()) | {"target_addresses.domain_map": "contoso.com"})
    assert "target_addresses.domain_map" == caught.value.path


def test_keys_that_the_form_does_not_show_are_kept() -> None:
    """Names, consent and simulation survive a change by the form."""
    data = settings(names={"endpoint": "contoso-moves"}, consent={"target": "xtmig"})
    again = merged(data, texts(data) | {"name": "Another name"})
    assert ({"endpoint": "contoso-moves"}, "xtmig") == (again["names"], again["consent"]["target"])
    assert "Another name" == again["name"]


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("source.tenant_id", "contoso.onmicrosoft.com", "this is a domain, not a tenant ID"),
        ("target.tenant_id", SOURCE_ID, "the same tenant ID"),
        ("target.domain", "<northwindtraders>.onmicrosoft.com", "angle brackets"),
        ("target.cloud", "gcc-high", "FAQ-09"),
        ("transport", "", "choose rest"),
        ("name", "", "this is needed"),
        ("source.sign_in.method", "secret", ""),
        ("secret.origin", "provided", ""),
        ("users.choose", "group", "name a mail-enabled group"),
        ("target_addresses.local_part", "{given}", "give same, or a pattern"),
        ("target_addresses.domain_map", "contoso.com = x", "not a domain"),
        ("licences.exchange", "before move", "name the subscription"),
        ("licences.usage_location", "Ireland", ""),
    ],
)
def test_mistake_is_told_at_its_field(path: str, text: str, words: str) -> None:
    """One clear sentence stands beside the field that is wrong, or beside the one that is then needed."""
    data = settings()
    wrong = problems(merged(data, texts(data) | {path: text}), FOLDER)
    needed = {"source.sign_in.method": "source.sign_in.client_id", "secret.origin": "secret.reference"}
    needed |= {"users.choose": "users.group", "licences.exchange": "licences.exchange_sku"}
    assert [needed.get(path, path)] == list(wrong)
    assert words in wrong[needed.get(path, path)]


def test_secret_in_a_reference_field_is_refused_and_not_repeated() -> None:
    """A secret that somebody types where a reference belongs is an error that does not show it."""
    data = settings()
    typed = "Zq8~not-a-reference"
    values = texts(data) | {"secret.origin": "provided", "secret.reference": typed}
    wrong = problems(merged(data, values), FOLDER)
    assert ["secret.reference"] == list(wrong)
    assert typed not in wrong["secret.reference"]


def test_approver_line_needs_three_parts() -> None:
    """A line that is no approver is named."""
    with pytest.raises(ValueError, match=r"Ann, ann@contoso\.com"):
        merged(settings(), texts(settings()) | {"approvers": "Ann, ann@contoso.com"})


def test_saving_keeps_the_comment_at_the_head(tmp_path: Path) -> None:
    """The comment lines at the head of project.yaml stay, and the file can be loaded."""
    (tmp_path / "project.yaml").write_text("# ours\n# too\nformat: 1\n", encoding="utf-8")
    save(tmp_path, settings())
    assert (tmp_path / "project.yaml").read_text(encoding="utf-8").startswith("# ours\n# too\nformat: 1\n")
    assert "contoso-moves" == load_project(tmp_path).id


def test_missing_file_is_an_empty_form(tmp_path: Path) -> None:
    """Without project.yaml the form is empty and says so."""
    data, why = load(tmp_path)
    assert {} == data
    assert "project.yaml" in why


def filled(folder: Path, data: dict[str, Any]) -> ProjectForm:
    (folder / "project.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    return ProjectForm(folder, data)


def test_form_saves_what_can_be_used(tmp_path: Path) -> None:
    """Save writes the file when every field is right."""
    form = filled(tmp_path, settings())
    form.fields["last_completion"].value = "2027-03-01"
    form.save.click()
    assert "2027-03-01" == str(load_project(tmp_path).last_completion)
    assert "✓" in form.answer.value


def test_form_writes_nothing_while_a_field_is_wrong(tmp_path: Path) -> None:
    """Save changes nothing while a field is wrong."""
    form = filled(tmp_path, settings())
    before = (tmp_path / "project.yaml").read_bytes()
    form.fields["source.tenant_id"].value = "contoso.onmicrosoft.com"
    form.save.click()
    assert before == (tmp_path / "project.yaml").read_bytes()
    assert "✕" in form.answer.value


def test_only_needed_fields_are_on_view(tmp_path: Path) -> None:
    """The field for a certificate appears when a certificate is chosen."""
    form = filled(tmp_path, settings())
    certificate = form.fields["source.sign_in.certificate"].layout
    assert "none" == certificate.display
    form.fields["source.sign_in.method"].value = "certificate"
    assert "none" != certificate.display


def test_group_is_asked_for_where_it_is_chosen(tmp_path: Path) -> None:
    """The field for a group appears when users come from a group."""
    form = filled(tmp_path, settings())
    group = form.fields["users.group"].layout
    assert "none" == group.display
    form.fields["users.choose"].value = "group"
    assert "none" != group.display


def test_every_field_has_a_label_of_its_own() -> None:
    """No two fields share a label, so that a screen reader and a test find each."""
    labels = [field.label for field in FIELDS.values()]
    assert len(set(labels)) == len(labels)


def test_waves_and_their_dates_go_both_ways() -> None:
    """A line of the waves is name, start and cutover in UTC; a window that the form does not show stays."""
    data = settings()
    data["move"] = {"waves": [{"name": "pilot", "window_hours": 48}]}
    text = "pilot; 2027-01-11; 2027-01-29 18:00\n01; 2027-01-18"
    waves = merged(data, texts(data) | {"move.waves": text})["move"]["waves"]
    moment = datetime(2027, 1, 29, 18, tzinfo=UTC)
    assert {"name": "pilot", "start": date(2027, 1, 11), "cutover": moment, "window_hours": 48} == waves[0]
    assert {"name": "01", "start": date(2027, 1, 18)} == waves[1]
    assert text == texts({"move": {"waves": waves}})["move.waves"]


@pytest.mark.parametrize("line", ["pilot; 11.1.2027", "pilot; 2027-01-11; 18:00", "; 2027-01-11"])
def test_wave_with_a_date_that_is_none_is_refused(line: str) -> None:
    """A date that is not one is an error beside the field, not a wave without a date."""
    with pytest.raises(FieldError) as caught:
        merged(settings(), texts(settings()) | {"move.waves": line})
    assert "move.waves" == caught.value.path


def test_who_stays_goes_both_ways() -> None:
    """A line of who stays is an address and the reason."""
    text = "hal@contoso.com; under a hold"
    data = merged(settings(), texts(settings()) | {"users.exclude": text})
    assert {"hal@contoso.com": "under a hold"} == data["users"]["exclude"]
    assert text == texts(data)["users.exclude"]
