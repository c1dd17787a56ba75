"""The table of docs/settings.md is the one the settings describe."""

from app.cli.settings import settings_table
from app.config import Settings
from tests.conftest import REPOSITORY


def test_page_has_every_setting_with_its_default_and_meaning() -> None:
    page = (REPOSITORY / "docs" / "settings.md").read_text()
    table = page.split("<!-- python -m app settings -->\n")[1].split("<!-- end -->")[0]
    assert table.splitlines() == list(settings_table())


def test_table_names_every_setting() -> None:
    lines = list(settings_table())[2:]
    names = [line.split("`")[1] for line in lines]
    assert names == [f"ALPR_{name.upper()}" for name in Settings.model_fields]
    assert all(line.count("|") == 4 for line in lines)
