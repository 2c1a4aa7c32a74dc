import pytest
import stamina

from reconciler.sandbox import Sandbox

from .faults import Faults, backend


@pytest.fixture(autouse=True)
def _no_waiting():
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def sandbox():
    server = Sandbox()
    yield server
    server.close()


@pytest.fixture
def wire(sandbox):
    """The sandbox behind a transport that can be broken."""
    return Faults(sandbox.transport())


@pytest.fixture
def live(wire):
    """A backend on the sandbox."""
    connected = backend(wire)
    yield connected
    connected.close()
