import sys

import pytest

from reconciler.errors import SecretError
from reconciler.project import SecretSource, reveal, secrets

SECRET = "hunter2-hunter2"


def show(source, base, *, allow_command=True):
    return reveal(SecretSource.parse(source), base=base, allow_command=allow_command)


def test_a_secret_comes_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("A_SECRET", SECRET)
    assert show({"env": "A_SECRET"}, tmp_path) == SECRET


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_file_is_relative_to_the_project_and_loses_one_line_end(tmp_path, ending):
    (tmp_path / "s.txt").write_bytes((SECRET + ending).encode())
    assert show({"file": "s.txt"}, tmp_path) == SECRET


def test_a_command_runs_without_a_shell_in_the_project(tmp_path):
    (tmp_path / "x").write_text("$HOME")
    code = "import sys; print(open('x').read() + sys.argv[1])"
    assert show({"command": [sys.executable, "-c", code, "$(id)"]}, tmp_path) == "$HOME$(id)"


def test_a_command_is_not_run_where_it_is_not_allowed(tmp_path):
    with pytest.raises(SecretError, match="is not run here"):
        show({"command": [sys.executable, "-c", "open('ran', 'w')"]}, tmp_path, allow_command=False)
    assert not (tmp_path / "ran").exists()


def test_no_message_repeats_what_a_failing_command_printed(tmp_path):
    code = f"import sys; print('{SECRET}'); print('{SECRET}', file=sys.stderr); sys.exit(3)"
    with pytest.raises(SecretError) as caught:
        show({"command": [sys.executable, "-c", code]}, tmp_path)
    assert "exit code 3" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_command_that_hangs_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(secrets, "COMMAND_SECONDS", 0.01)
    with pytest.raises(SecretError, match="no answer"):
        show({"command": [sys.executable, "-c", "import threading; threading.Event().wait()"]}, tmp_path)


@pytest.mark.parametrize(
    "source",
    [{"env": "SURELY_NOT_SET_ANYWHERE"}, {"file": "none"}, {"file": "."}, {"command": ["surely-no-such-program"]},
     {"command": [sys.executable, "-c", ""]}, {"command": ["a\0b"]}],
)  # fmt: skip
def test_a_source_that_gives_nothing_says_so(tmp_path, source):
    with pytest.raises(SecretError):
        show(source, tmp_path)


@pytest.mark.parametrize(
    "tree",
    [{}, {"env": ""}, {"env": "A", "file": "b"}, {"envv": "A"}, {"command": []}, {"command": "ls"}, {"command": [1]}],
)
def test_a_source_is_exactly_one_of_three(tree):
    with pytest.raises(SecretError):
        SecretSource.parse(tree)


def test_text_that_is_not_utf_8_is_refused(tmp_path):
    (tmp_path / "s").write_bytes(b"\xff")
    with pytest.raises(SecretError, match="UTF-8"):
        show({"file": "s"}, tmp_path)
    with pytest.raises(SecretError, match="UTF-8"):
        show({"command": [sys.executable, "-c", "import sys; sys.stdout.buffer.write(b'\\xff')"]}, tmp_path)
