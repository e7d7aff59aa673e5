"""`make audit`: known vulnerabilities of the versions in requirements.lock, by pip-audit; without its data it says so."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMAND = ["-m", "pip_audit", "--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
AWAY = "pip-audit cannot reach its data here: known vulnerabilities are not looked up."


def judged(report: str) -> tuple[list[str], int]:
    """What pip-audit has found, in sentences, and how many packages it has looked up.

    Raises:
      ValueError: it is no report.
    """
    packages = json.loads(report)["dependencies"]
    looked_up = [package for package in packages if "skip_reason" not in package]
    return [
        f"{package['name']} {package['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version yet'}"
        for package in looked_up
        for hole in package["vulns"]
    ], len(looked_up)


def main() -> int:
    """Asks pip-audit: 1 where a version is known to be vulnerable."""
    command = [sys.executable, *COMMAND, "-r", str(ROOT / "requirements.lock")]
    report = subprocess.run(command, capture_output=True, text=True)
    try:
        holes, count = judged(report.stdout)
    except ValueError:
        print(f"{AWAY} It said: {report.stderr.strip().splitlines()[-1:] or ['nothing']}")
        return 0
    print("\n".join([*holes, f"{count} packages looked up, {len(holes)} known vulnerabilities." if count else AWAY]))
    return 1 if holes else 0


if __name__ == "__main__":
    sys.exit(main())
