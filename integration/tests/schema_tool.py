"""Schemathesis, from PyPI, in a virtual environment of its own: build/schemathesis. Every file that is
installed has the checksum that stands in schemathesis.txt."""
import fcntl
import hashlib
import pathlib
import shutil
import subprocess
import sys

from program import ROOT

WANTED = pathlib.Path(__file__).with_name("schemathesis.txt")
FOLDER = ROOT / "build" / "schemathesis"


def schemathesis():
    """The path of the program, which the first call installs."""
    FOLDER.parent.mkdir(exist_ok=True)
    mark = FOLDER / "installed"
    wanted = hashlib.sha256(WANTED.read_bytes()).hexdigest()
    with open(FOLDER.parent / "schemathesis.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not mark.exists() or mark.read_text() != wanted:
            install()
            mark.write_text(wanted)
    return FOLDER / "bin" / "schemathesis"


def install():
    shutil.rmtree(FOLDER, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", FOLDER], check=True, timeout=120)
    subprocess.run([FOLDER / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                    "--only-binary", ":all:", "--require-hashes", "-r", WANTED], check=True, timeout=400)


if __name__ == "__main__":
    print(schemathesis())
