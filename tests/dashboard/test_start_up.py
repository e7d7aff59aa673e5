"""What the server imports as it starts is what its pages ask for."""

import subprocess
import sys

from tests.test_packaging import ROOT, imports_of

SCRIPT = """
import asyncio, sys, threading
from dashboard import start_up

async def main():
    async with start_up.lifespan(None):
        for thread in threading.enumerate():
            if thread.name == "maml-lab-imports":
                await asyncio.to_thread(thread.join)
    print(*sys.modules)

asyncio.run(main())
"""


def test_every_module_that_a_page_imports_is_there():
    run = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    there = set(run.stdout.split())
    wanted = {name for path in (ROOT / "pages").glob("*.py") for name, _ in imports_of(path)}
    missing = {name for name in wanted if name not in there and name.rpartition(".")[0] not in there}
    assert "dashboard.page_parts.your_tasks.verdict" in wanted
    assert not missing
