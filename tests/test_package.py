"""The package as somebody installs it: whole, with what it says it needs, from any folder."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_string
from importlib import metadata
from pathlib import Path

import keras
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from maskdemo.audit.pytest_checks import CAUSES_OF
from tests.samples import SMALL
from tests.test_architecture import ROOT, imports, sources, tracked_files

#: Commands that train, but for the notebook's.
OTHERS = (
    ["study", "last_sign", "--vary", "padded_length=16,20", "--strategies", "no_mask,held_state"],
    ["export", "last_sign", "--to", "notebook", "notebook.ipynb"],
    ["export", "last_sign", "--to", "report", "report.html"],
    ["figure", "last_sign", "learning_curves", "curves.html"],
)
SETTINGS = [f"{name}={value}" for name, value in SMALL.items() if name not in ("task", "strategies")]
#: TensorFlow is large, and networks are slow.
DOWNLOADED = [pytest.mark.slow, pytest.mark.fuzz, pytest.mark.timeout(3600)]
#: For a fresh environment: neither this folder nor what this run of pytest is told.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in ("PYTHONPATH", "PYTEST_ADDOPTS", "VIRTUAL_ENV")
} | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
MODEL = """
import keras
from keras import layers

def build_model():
    return keras.Sequential([{layers}])

"""
RIGHT = "layers.Input((None, 2)), layers.Masking(), layers.LSTM(3), layers.Dense(1)"
LEAKING = "layers.Input((None, 2)), layers.LSTM(3), layers.Dense(1)"


@dataclass(frozen=True)
class Installed:
    """A fresh environment that has the wheel, and an empty folder to work in."""

    python: Path
    folder: Path

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's commands."""
        program, *rest = command
        return subprocess.run(
            [self.python.with_name(str(program)), *rest],
            cwd=self.folder,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
        )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, built from a copy of what git has: the build leaves files behind."""
    copy, built = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("built")
    for path in tracked_files():
        target = copy / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    # With the tests' own setuptools, if that is what pyproject.toml asks for.
    offline = ("--no-build-isolation", "--check-build-dependencies")
    pip("wheel", "--no-deps", *offline, "--wheel-dir", built, copy)
    return next(built.glob("*.whl"))


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("lent", marks=pytest.mark.slow),
        pytest.param("downloaded", marks=DOWNLOADED),
    ],
)
def installed(
    wheel: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    """The wheel in an environment with what its base install and pytest need, and nothing else.

    lent: links to the files of those packages in the environment of the tests, which takes a second.
    downloaded: installed by pip, which takes minutes and a network.
    """
    folder = tmp_path_factory.mktemp(request.param)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    # As the tests' own environment has it: a folder of scripts, and one of packages.
    python = folder / "env" / Path(sys.executable).relative_to(sys.prefix)
    packages = folder / "env" / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
    if request.param == "lent":
        register([*base_requirements(wheel), "pytest"], packages)
        pip("--python", python, "install", "--no-deps", "--no-index", "--no-compile", wheel)
    else:
        pip("--python", python, "install", wheel, "pytest")
    (folder / "elsewhere").mkdir()
    return Installed(python, folder / "elsewhere")


def pip(*arguments: str | Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def base_requirements(wheel: Path) -> list[str]:
    """What the wheel says that it needs, without extras."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        said = message_from_string(archive.read(name).decode())
    return [each for each in said.get_all("Requires-Dist", []) if "extra ==" not in each]


def register(requirements: Iterable[str], folder: Path) -> None:
    """Link into the folder what the requirements need, directly and in turn, and nothing else."""
    todo, done = [Requirement(each) for each in requirements], set()
    while todo:
        wanted = todo.pop()
        if (wanted.marker and not wanted.marker.evaluate({"extra": ""})) or wanted.name in done:
            continue
        done.add(wanted.name)
        distribution = metadata.distribution(wanted.name)
        assert wanted.specifier.contains(distribution.version), f"{wanted} is not what is here"
        todo += [Requirement(each) for each in distribution.requires or ()]
        for top in {each.parts[0] for each in distribution.files or ()} - {"..", "__pycache__"}:
            if not (folder / top).exists():
                (folder / top).symlink_to(Path(str(distribution.locate_file(top))))


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_package(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("maskdemo/")}
    listed = {path.relative_to(ROOT).as_posix() for path in tracked_files()}
    assert held == {name for name in listed if name.startswith("maskdemo/")}


@pytest.mark.slow
def test_the_base_install_is_the_package_without_app_and_cluster(wheel):
    named = {canonicalize_name(Requirement(each).name) for each in base_requirements(wheel)}
    assert {"keras", "numpy"} <= named and not named & {"streamlit", "distributed", "pytest"}


def test_the_package_is_the_installed_one_and_has_all_that_it_imports(installed):
    """All but what pages and a cluster take, which are extras."""
    files = [path for path in sources("maskdemo") if "ui" not in path.relative_to(ROOT).parts]
    imported = {name.partition(".")[0] for path in files for name in imports(path)}
    program = f"""
import importlib.util, json, maskdemo
wanted, found = {sorted(imported | {"streamlit"})}, importlib.util.find_spec
print(json.dumps([maskdemo.__file__, *(name for name in wanted if not found(name))]))
"""
    file, *without = json.loads(installed.run("python", "-c", program).stdout)
    assert Path(file).is_relative_to(installed.python.parents[1])
    assert without == ["distributed", "streamlit"]


# That no package is missing is proven above.
@pytest.mark.fuzz
def test_the_command_trains_recorded_data(installed):
    settings = ["padded_length=29", "units=4", "epochs=1", "repeats=1", "strategies=held_state"]
    done = installed.run("maskdemo", "run", "japanese_vowels", "--json", "--set", *settings)
    assert done.returncode == 0, done.stderr
    assert [each["strategy"] for each in json.loads(done.stdout)["curves"]] == ["held_state"]


# Its commands run in `audit/test_command` and `audit/test_pytest_checks`; the wheel's, above.
@pytest.mark.fuzz
def test_the_workflow_of_the_docs_runs_in_a_project_of_its_own(installed, monkeypatch):
    docs = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    for name, code in re.findall(r"```python\n# (\w+\.py)\n(.*?)```", docs, re.S):
        (installed.folder / name).write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(installed.folder)
    halved = importlib.import_module("my_layers").Halved(name="halved")
    layers = [keras.Input((None, 2)), keras.layers.Masking(), halved, keras.layers.LSTM(3)]
    keras.Sequential([*layers, keras.layers.Dense(1)]).save(installed.folder / "model.keras")
    workflow = re.search(r"```yaml\n# .github/workflows/.*?```", docs, re.S)
    assert workflow
    install, *steps = re.findall(r"- run: (.+)$", workflow[0], re.M)
    assert install.startswith("pip install ")  # which `installed` has done
    checks, audit = (installed.run(*shlex.split(step)) for step in steps)
    assert checks.returncode == 0, checks.stdout
    assert f"{len(CAUSES_OF)} passed" in checks.stdout
    assert audit.returncode == 0, audit.stderr
    assert ">halved<" in (installed.folder / "padding.html").read_text(encoding="utf-8")


@pytest.mark.fuzz
def test_the_readme_s_test_tells_a_right_model_from_a_leaking_one(installed):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    test = re.search(r"```python\n(import pytest\n.*?)```", readme, re.S)
    assert test
    for name, layers in (("right", RIGHT), ("leaking", LEAKING)):
        code = MODEL.format(layers=layers) + test.group(1)
        (installed.folder / f"test_{name}.py").write_text(code, encoding="utf-8")
    done = installed.run("python", "-m", "pytest", "-q", "-rA", "test_right.py", "test_leaking.py")
    outcomes = re.findall(r"^(PASSED|FAILED|ERROR) test_(\w+)\.py", done.stdout, re.M)
    assert ("FAILED", "leaking") in outcomes, done.stdout
    assert {outcome for outcome, name in outcomes if name == "right"} == {"PASSED"}, done.stdout


@pytest.mark.parametrize(
    "command",
    [
        # With the recorded data, which the wheel has to hold.
        ["export", "japanese_vowels", "--to", "script", "script.py"],
        *(pytest.param(each, marks=pytest.mark.fuzz) for each in OTHERS),
    ],
    ids=lambda command: " ".join(command[:4]),
)
def test_the_other_commands_work_too(installed, command):
    done = installed.run("maskdemo", *command, "--set", *SETTINGS)
    assert done.returncode == 0, done.stderr
    assert command[0] != "export" or (installed.folder / command[-1]).stat().st_size > 1000


def test_the_hook_and_the_tests_have_the_same_ruff():
    required = (ROOT / "requirements-test.txt").read_text(encoding="utf-8")
    hook = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"^ruff==(.+)$", required, re.M) == re.findall(r"rev: v(.+)$", hook, re.M) != []


def test_everything_that_is_asked_for_in_the_workflow_is_there():
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = re.findall(r"- run: (.+)$", workflow, re.M)
    assert commands
    for command in commands:
        program, *targets = command.split()
        if program == "make":
            assert all(re.search(rf"^{target}:", makefile, re.M) for target in targets)
        else:
            assert os.access(ROOT / program, os.X_OK)
