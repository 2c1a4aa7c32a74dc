import pytest

from reconciler.reading.yaml import Reader


@pytest.fixture
def read():
    """Reads one text; gives its document roots and its problems as `line:column rule`."""

    def _read(text, *, json=False):
        reader = Reader()
        data = text if isinstance(text, bytes) else text.encode()
        documents, _ = reader.read("f.yaml", data, json=json)
        return [document.root for document in documents], [
            f"{problem.location.line}:{problem.location.column} {problem.rule}" for problem in reader.problems
        ]

    return _read
