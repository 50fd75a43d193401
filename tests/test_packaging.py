"""What a user installs: the wheel, its files, its imports, and the two lists of dependencies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

SCIENCE = ("initializers", "counting", "network", "training", "recording")
HEAVY = ("ipywidgets", "anywidget", "torch", "voila", "wasmtime", "plotly", "jupyterlab")


@dataclass(frozen=True)
class Installed:
    """The wheel in an environment of its own."""

    wheel: Path
    folder: Path

    def run(self, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, outside the checkout."""
        program, *arguments = command
        return subprocess.run(
            [str(self.folder / ("Scripts" if os.name == "nt" else "bin") / program), *arguments],
            cwd=cwd or self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )

    @property
    def package(self) -> Path:
        """Where the package lies in the environment."""
        code = "import letkeman_viz; print(letkeman_viz.__path__[0])"
        return Path(self.run("python", "-c", code).stdout.strip())


def build(root: Path, *options: str) -> None:
    """Build with the backend installed here: nothing is fetched."""
    command = [sys.executable, "-m", "build", "--no-isolation", *options, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def distributions(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel built from that sdist: what a release holds."""
    folder = tmp_path_factory.mktemp("dist")
    build(root, "--outdir", str(folder))
    return folder


@pytest.fixture(scope="session")
def installed(distributions: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in a new environment that borrows only the dependencies of this one."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, with_pip=True, symlinks=os.name != "nt")
    (wheel,) = distributions.glob("*.whl")
    installed = Installed(wheel, folder)
    site_packages = installed.run("python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    # A path file adds this environment's packages after the new one's own. It does not run what else makes an
    # editable install, so the checkout stays unseen.
    path_file = Path(site_packages.stdout.strip()) / "borrowed.pth"
    path_file.write_text(sysconfig.get_path("purelib") + "\n")
    installed.run("python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    return installed


def files_of(root: Path, pattern: str) -> set[str]:
    """Files of the package in the checkout, as paths inside the package."""
    package = root / "letkeman_viz"
    return {path.relative_to(package).as_posix() for path in package.glob(pattern) if path.is_file()}


# --- The wheel ------------------------------------------------------------------------------------


@pytest.mark.packaging
def test_wheel_holds_everything_that_is_not_python(root: Path, distributions: Path) -> None:
    (wheel,) = distributions.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    static = files_of(root, "**/static/*")
    templates = files_of(root, "site/templates/**/*")
    recorded = files_of(root, "experiments/results/*.npz") | files_of(root, "experiments/*.txt")
    assert {"experiments/results/hamlet.npz", "experiments/hamlet-excerpt.txt"} <= recorded
    notebooks = {path.name for path in (root / "notebooks").glob("*.ipynb")}
    assert {"site/static/site.css", "site/static/site.js"} <= static
    assert "site/templates/letkeman/index.html.j2" in templates
    assert notebooks
    engine = files_of(root, "engine/engine.*")
    assert {"engine/engine.wasm", "engine/engine.js", "engine/engine.c"} <= engine
    expected = static | templates | recorded | engine | {f"notebooks/{name}" for name in notebooks}
    assert {f"letkeman_viz/{name}" for name in expected} <= names


@pytest.mark.packaging
def test_wheel_holds_nothing_else(distributions: Path) -> None:
    (wheel,) = distributions.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    version = wheel.name.split("-")[1]
    assert {name.split("/")[0] for name in names} == {"letkeman_viz", f"letkeman_viz-{version}.dist-info"}
    odd = [name for name in names if "__pycache__" in name or ".ipynb_checkpoints" in name]
    assert odd == []


@pytest.mark.packaging
def test_wheel_is_imported_from_its_own_environment(installed: Installed, root: Path) -> None:
    assert installed.folder in installed.package.parents
    assert root not in installed.package.parents


@pytest.mark.packaging
def test_installed_site_finds_its_files(installed: Installed, root: Path) -> None:
    code = """
import json
from letkeman_viz.site.chapters import chapters, is_checkout, packaged_folder
from letkeman_viz.site.server import STATIC, TEMPLATES
print(json.dumps([
    is_checkout(), [c.path for c in chapters(packaged_folder())],
    sorted(p.name for p in STATIC.iterdir()), sorted(p.name for p in TEMPLATES.iterdir()),
]))
"""
    checkout, listed, static, templates = json.loads(installed.run("python", "-c", code).stdout)
    assert checkout is False
    assert listed == sorted(path.name for path in (root / "notebooks").glob("*.ipynb"))
    assert set(static) >= {"site.css", "site.js"}
    assert set(templates) >= {"chapter.html", "index.html.j2", "landing.html", "404.html"}


@pytest.mark.packaging
def test_installed_package_trains(installed: Installed) -> None:
    code = "from letkeman_viz import train_one; print(train_one().updates)"
    assert installed.run("python", "-c", code).stdout == "337\n"


@pytest.mark.parametrize(("machine", "refused"), [("x86_64", False), ("ARM64", False), ("riscv64", True)])
def test_pip_refuses_where_there_is_no_engine(root: Path, machine: str, refused: bool) -> None:
    # wasmtime itself installs anywhere, and fails when it is imported.
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    wanted = [Requirement(text) for text in project["dependencies"] if text.startswith("wasmtime")]
    asked = [
        one for one in wanted if one.marker is None or one.marker.evaluate({"platform_machine": machine})
    ]
    assert all(one.specifier.contains("50.0.1") for one in asked) is not refused


@pytest.mark.packaging
def test_console_script(installed: Installed) -> None:
    assert "{serve,lab,export,experiments}" in installed.run("letkeman-viz", "--help").stdout
    assert "--port" in installed.run("letkeman-viz", "serve", "--help").stdout
    version = installed.wheel.name.split("-")[1]
    assert installed.run("letkeman-viz", "--version").stdout == f"letkeman-viz {version}\n"


# --- Imports --------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["letkeman_viz", *(f"letkeman_viz.{name}" for name in SCIENCE)])
def test_importing_the_science_is_light(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules.keys() & {set(HEAVY)!r})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == []


# --- Lists that must agree ------------------------------------------------------------------------


def test_environment_file_lists_the_dependencies_of_the_package(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    environment = yaml.safe_load((root / "environment.yml").read_text())
    plain = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    pinned = [entry for entry in plain if entry.startswith("python=")]
    assert environment["channels"] == ["conda-forge"]
    assert len(pinned) == 1
    from_conda = [name for name in project["dependencies"] if not name.startswith("wasmtime")]
    assert sorted(set(plain) - {*pinned, "pip"}) == sorted(from_conda)
    assert environment["dependencies"][-1] == {"pip": ["-e ."]}


def test_environment_file_pins_a_python_that_the_package_takes(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    environment = yaml.safe_load((root / "environment.yml").read_text())
    (pin,) = (e for e in environment["dependencies"] if isinstance(e, str) and e.startswith("python="))
    pinned = tuple(map(int, pin.removeprefix("python=").split(".")))
    lowest = tuple(map(int, project["requires-python"].removeprefix(">=").split(".")))
    assert pinned >= lowest


def test_binder_reads_the_environment_file(root: Path) -> None:
    # Binder would look into either of these and ignore environment.yml.
    assert not (root / "binder").exists()
    assert not (root / ".binder").exists()


# --- Notebooks ------------------------------------------------------------------------------------


def notebook_paths() -> list[Path]:
    """The chapters of the checkout."""
    return sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert notebook_paths()


@pytest.mark.parametrize("path", notebook_paths(), ids=lambda path: path.name)
def test_notebooks_are_stored_clean(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in code if cell["outputs"]] == []
    assert [cell["execution_count"] for cell in code if cell["execution_count"] is not None] == []
    assert "widgets" not in notebook["metadata"]
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
