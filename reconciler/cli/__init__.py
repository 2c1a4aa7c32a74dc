"""The command line: parse, call the public functions, print. One file per command."""
