"""A Python that has reconciler imported already: ``forks.py SOCKET`` serves, with further words it runs a command.

A job calls reconciler a dozen times, and a second goes into imports each time. The server forks for each call; the
child has the caller's arguments, folder, environment, output and exit code, so that nothing can be told apart.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import traceback
from array import array
from pathlib import Path


def serve(path):
    from reconciler.__main__ import main
    from reconciler.cli.main import cli

    for name in cli.list_commands(None):
        cli.get_command(None, name)
    _import_all()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                _serve_one(connection, main)
            connection.close()
            _reap()


def _import_all():
    """Everything that a command would import later."""
    import importlib
    import pkgutil

    import reconciler

    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _reap():
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


def _serve_one(connection, main):
    message, ancillary, _, _ = connection.recvmsg(1 << 20, socket.CMSG_SPACE(3 * 4))
    files = array("i")
    files.frombytes(ancillary[0][2])
    while not message.endswith(b"\n"):
        message += connection.recv(1 << 20)
    asked = json.loads(message)
    for number, file in enumerate(files):
        os.dup2(file, number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    code = 70
    try:
        code = main(asked["words"])
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        connection.sendall(str(code).encode())
        os._exit(0)


def call(path, words):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        asked = {"folder": str(Path.cwd()), "environment": dict(os.environ), "words": words}
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [0, 1, 2]))]
        text = json.dumps(asked).encode() + b"\n"
        sent = client.sendmsg([text], rights)
        client.sendall(text[sent:])
        return int(client.recv(16) or b"70")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        serve(sys.argv[1])
    else:
        assert sys.argv[2:5] == ["-I", "-m", "reconciler"], sys.argv
        sys.exit(call(sys.argv[1], sys.argv[5:]))
