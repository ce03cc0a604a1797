"""What browsers get in production: every file under a name that changes with it, scripts that import each other too."""

import re
import shutil
from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import StaticFilesStorage

from callcrm import settings
from callcrm.lib.statics import Statics

HASHED = re.compile(r"\.[0-9a-f]{12}\.js\Z")
IMPORT = re.compile(r'^(?:import|export)\b.*?"(\./[^"]+)"', re.M)


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """What collectstatic leaves: the file of each name."""
    folder = tmp_path_factory.mktemp("statics")
    shutil.copytree(settings.BASE_DIR / "static", folder, dirs_exist_ok=True)
    storage, plain = Statics(location=folder, base_url="/static/"), StaticFilesStorage(location=folder)
    paths = {f"js/{each.name}": (plain, f"js/{each.name}") for each in (folder / "js").iterdir()}
    assert not [done for *_, done in storage.post_process(paths) if isinstance(done, Exception)]
    return {name: folder / storage.stored_name(name) for name in paths}


def test_every_script_has_a_name_that_changes_with_it(collected):
    assert collected
    assert all(HASHED.search(path.name) for path in collected.values())


def test_scripts_import_each_other_by_those_names(collected):
    found = {(path, name) for path in collected.values() for name in IMPORT.findall(path.read_text())}
    assert {path.name.split(".")[0] for path, _ in found} >= {"app", "player", "player-link", "player-loop"}
    for path, name in found:
        assert HASHED.search(name), path.name
        assert (path.parent / name).is_file()


def test_nothing_else_in_a_script_is_changed(collected):
    for name, path in collected.items():
        plain = Path(settings.BASE_DIR / "static" / name).read_text()
        assert IMPORT.sub("", path.read_text()) == IMPORT.sub("", plain), name


def test_production_collects_with_it():
    source = Path(settings.__file__).read_text()
    assert '"callcrm.lib.statics.Statics"' in source
