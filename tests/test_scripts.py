"""The scripts behind ``make``, over a small project with stand-ins for what they start."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.process

SCRIPTS = Path(__file__).parents[1] / "scripts"

NPM = """#!/bin/sh
echo "$*" >> "$PROJECT/asked"
case "$*" in
*ci*) mkdir -p node_modules ;;
*build*)
    [ ! -e broken ] || { echo "no such module"; exit 1; }
    mkdir -p dist
    echo > dist/index.html ;;
esac
"""
INSTALL, BUILD = "--loglevel=error ci", "--loglevel=error run build"


@dataclass(frozen=True)
class Project:
    """A folder with our scripts, and what its stand-ins were asked for."""

    path: Path

    def write(self, name: str, content: str = "", *, program: bool = False) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(0o755 if program else 0o644)
        return path

    def run(self, script: str, **environment: str) -> tuple[int, str, str]:
        """Exit status, standard output and error of a script."""
        done = subprocess.run(
            ["/bin/sh", self.path / "scripts" / script],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env=os.environ | {"PROJECT": str(self.path)} | environment,
        )
        return done.returncode, done.stdout, done.stderr

    def asked(self) -> list[str]:
        """What was asked for since the last time."""
        path = self.path / "asked"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "a project")
    shutil.copytree(SCRIPTS, made.path / "scripts")
    made.write(".venv/bin/npm", NPM, program=True)
    for name in ("package-lock.json", ".npmrc", "src/main.ts", "index.html"):
        made.write(f"verifier/web/{name}")
    made.write("schemas/refusals.json")
    made.write("shell/look/tokens.css")
    made.write("shell/look/icon.svg")
    return made


# The page


def test_the_page_is_built_once(project: Project) -> None:
    status, out, err = project.run("page.sh")
    assert (status, len(out.splitlines()), err) == (0, 2, "")
    assert project.asked() == [INSTALL, BUILD]
    assert project.run("page.sh") == (0, "", "")
    assert project.asked() == []


@pytest.mark.parametrize(
    "name", ["src/main.ts", "src/new.ts", "index.html", "../../schemas/refusals.json"]
)
def test_a_source_that_changes_builds_the_page_anew(project: Project, name: str) -> None:
    project.run("page.sh")
    project.asked()
    project.write(f"verifier/web/{name}", "changed")
    assert project.run("page.sh") == (0, "page: building verifier/web/dist\n", "")
    assert project.asked() == [BUILD]


def test_a_source_that_is_renamed_builds_the_page_anew(project: Project) -> None:
    project.run("page.sh")
    project.asked()
    source = project.path / "verifier/web/src/main.ts"
    source.rename(source.with_name("other.ts"))
    project.run("page.sh")
    assert project.asked() == [BUILD]


def test_other_packages_are_fetched_and_then_the_page_is_built_anew(project: Project) -> None:
    project.run("page.sh")
    project.asked()
    project.write("verifier/web/package-lock.json", "changed")
    project.run("page.sh")
    assert project.asked() == [INSTALL, BUILD]


def test_what_the_build_makes_is_no_source(project: Project) -> None:
    project.run("page.sh")
    project.write("verifier/web/dist/assets/index-DiwrgTda.js")
    project.write("verifier/web/test/dist/laboratory.js")
    project.write("verifier/web/node_modules/.cache/x")
    assert project.run("page.sh") == (0, "", "")


def test_a_page_that_was_removed_is_built_anew(project: Project) -> None:
    project.run("page.sh")
    shutil.rmtree(project.path / "verifier/web/dist")
    project.asked()
    project.run("page.sh")
    assert project.asked() == [BUILD]


def test_a_build_that_fails_says_why_and_is_tried_again(project: Project) -> None:
    project.run("page.sh")
    broken = project.write("verifier/web/broken")
    for _ in range(2):
        status, _, err = project.run("page.sh")
        assert (status, err) == (1, "no such module\npage: the page could not be built\n")
    broken.unlink()
    project.asked()
    assert project.run("page.sh")[0] == 0
    assert project.asked() == [BUILD]


# The browser


@pytest.fixture
def bare(project: Project) -> Project:
    """A machine with nothing but a shell, and a user who may not install."""
    for name in ("sh", "dirname", "basename", "mkdir"):
        program = shutil.which(name)
        assert program is not None
        (project.path / ".venv/bin" / name).symlink_to(program)
    project.write(".venv/bin/id", "#!/bin/sh\necho 1000\n", program=True)
    return project


def browser(project: Project, **environment: str) -> tuple[int, str, str]:
    nowhere = {"PATH": str(project.path / ".venv/bin"), "CHROMIUM": ""}
    return project.run("browser.sh", **nowhere | environment)


RUNS = "#!/bin/sh\nexit 0\n"


def test_a_chromium_that_is_there_is_left_alone(bare: Project) -> None:
    bare.write(".venv/bin/chromium", RUNS, program=True)
    assert browser(bare) == (0, "", "")


def test_a_chromium_that_was_named_must_run(bare: Project) -> None:
    other = bare.write("other", RUNS, program=True)
    assert browser(bare, CHROMIUM=str(other)) == (0, "", "")
    other.unlink()
    status, out, err = browser(bare, CHROMIUM=str(other))
    assert (status, out) == (1, "")
    assert err == f"browser: {other} does not run; let CHROMIUM name one that does, or nothing\n"


def test_without_a_chromium_whoever_may_not_install_is_told_what_to_do(bare: Project) -> None:
    status, _, err = browser(bare)
    assert status == 1
    assert err == (
        "browser: install the package chromium, or name a Chromium: "
        "make test CHROMIUM=/path/to/chrome\n"
    )


def test_without_a_chromium_root_installs_it(bare: Project) -> None:
    bare.write(".venv/bin/id", "#!/bin/sh\necho 0\n", program=True)
    chromium = bare.write("other", RUNS, program=True)
    installs = (
        '#!/bin/sh\necho "$*" >> "$PROJECT/asked"\n'
        f'[ "$1" = update ] || /bin/ln -s "{chromium}" "{bare.path}/.venv/bin/chromium"\n'
    )
    bare.write(".venv/bin/apt-get", installs, program=True)
    assert browser(bare) == (0, "browser: installing chromium (about a minute)\n", "")
    assert bare.asked() == ["update -qq", "install -y -qq chromium"]


def test_temporary_files_of_tests_lie_in_a_folder_that_can_be_written(tmp_path: Path) -> None:
    script = SCRIPTS / "test_folder.sh"
    given = os.environ | {"TMPDIR": str(tmp_path)}
    named = subprocess.run(
        ["/bin/sh", script], capture_output=True, text=True, check=True, env=given
    )
    assert named.stdout.strip() in ("/dev/shm", str(tmp_path))
    assert os.access(named.stdout.strip(), os.W_OK)
