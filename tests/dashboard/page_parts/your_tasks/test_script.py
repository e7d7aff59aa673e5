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
