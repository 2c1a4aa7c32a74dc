"""One file per command, each with one value ``command``; imported when the command is used."""
