"""The image, run the way a careful operator runs it."""

import json
import uuid

import pytest

from container import Container, engine


@pytest.fixture
def volume():
    """A volume of its own for each test, gone afterwards with all containers that used it."""
    name = f"fanfetch-test-{uuid.uuid4().hex[:12]}"
    engine("volume", "create", name)
    yield name
    for container in engine("ps", "-aq", "--filter", f"volume={name}").split():
        engine("rm", "-f", container)
    engine("volume", "rm", name)


@pytest.fixture
def start(volume):
    return lambda **settings: Container(volume, settings)


@pytest.fixture(scope="session")
def described() -> dict:
    """What the image says about itself."""
    return json.loads(engine("image", "inspect", "fanfetch"))[0]
