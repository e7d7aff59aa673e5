"""The script that does the same without the app."""

from dashboard.page_parts.your_tasks.script import script
from dashboard.page_parts.your_tasks.table import UserTable
from maml_engine.tables import Roles


def test_the_script_is_python_whatever_the_columns_are_called(table, trained):
    evil = '"""\n{x}\' + __import__("os")'
    one = trained(UserTable("four", "", table.sheet, Roles("t", (evil,), "y")))
    content = script(one)
    compiled = compile(content, "your_tasks.py", "exec")
    assert evil in [const for const in compiled.co_consts for const in (const if isinstance(const, tuple) else (const,))]
    assert "Settings(k_shot=2)" in content
    assert "read_sheet(table), roles" in content


def test_the_script_reads_columns_as_somebody_has_said(table, trained):
    sheet = table.sheet.read_as({"speed": "1234,5"}, sure=("vibration",))
    content = script(trained(UserTable("four", "", sheet, table.roles)))
    compile(content, "your_tasks.py", "exec")
    assert "read_sheet(table).read_as({'speed': '1234,5'}, sure=('vibration',)), roles" in content
