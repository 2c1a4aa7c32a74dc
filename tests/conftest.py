"""Options of the whole suite."""


def pytest_addoption(parser):
    parser.addoption(
        "--golden",
        action="append",
        metavar="FILE",
        help="recorded bills that the rating engine has to reproduce (repeatable; default: beside the repository)",
    )
