"""Makes .venv from requirements.lock with nothing but Python 3.11 and pip; shows how far it is."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
LOG = VENV / "install.log"
WIDTH = 30


def main() -> int:
    """Exit code 0 when .venv holds what the lock names."""
    if sys.version_info[:2] != (3, 11):
        found = sys.version.split()[0]
        print(f"Rouxing needs Python 3.11; this is {found}. Say where it is: make PYTHON=/path/to/python3.11")
        return 1
    show(0, "making .venv")
    venv.create(VENV, with_pip=True, upgrade_deps=False)
    total = sum("==" in line and line[0].isalnum() for line in LOCK.read_text().splitlines())
    # The lock is complete, so pip has nothing to resolve; older pips stumble over extras when they try.
    code = pip(total, "install", "--no-deps", "--require-hashes", "-r", str(LOCK))
    code = code or pip(total, "install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT), seen=total)
    if code == 0:
        (VENV / "rouxing.ready").touch()
        show(1, "done")
        print()
    return code


def pip(total: int, *arguments: str, seen: int = 0) -> int:
    """Runs pip in .venv, counting the packages it names; on failure shows its last lines."""
    command = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    lines: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Collecting "):
                seen += 1
                show(0.8 * seen / total, line.split()[1].split("==")[0])
            if line.startswith("Installing collected"):
                show(0.85, "unpacking")
    if process.returncode:
        LOG.write_text("".join(lines))
        print(f"\n{explanation(lines)} pip's own words are in {LOG}.")
    return process.returncode


def explanation(lines: list[str]) -> str:
    """One sentence for people about why pip failed."""
    text = "".join(lines)
    if "Failed to establish a new connection" in text or "Name or service not known" in text:
        return "The package index does not answer: check the network, the proxy, or the mirror in pip's settings."
    if "THESE PACKAGES DO NOT MATCH THE HASHES" in text:
        return "A downloaded package is not the one the lock names: check the mirror in pip's settings, then try again."
    errors = [line.strip() for line in lines if line.startswith("ERROR")]
    return f"The packages could not be installed: {errors[-1] if errors else 'pip failed'}."


def show(share: float, what: str) -> None:
    """A bar on a terminal; elsewhere a dot now and then."""
    if sys.stdout.isatty():
        filled = round(WIDTH * share)
        print(
            f"\rInstalling  [{'━' * filled}{' ' * (WIDTH - filled)}] {share:4.0%}  {what[:30]:<30}", end="", flush=True
        )
    elif share in (0, 1) or what == "unpacking":
        print(f"Installing: {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
