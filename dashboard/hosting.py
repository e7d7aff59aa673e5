"""Whether this server is a demo for strangers, or somebody's own."""

import os

HOSTED = "MAML_LAB_HOSTED"


def is_hosted() -> bool:
    """What `MAML_LAB_HOSTED` says: anything but nothing and 0 makes a demo for strangers."""
    return os.environ.get(HOSTED, "") not in ("", "0")
