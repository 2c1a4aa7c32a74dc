"""One file per kind, each exporting one value ``KIND``; beside them what they share."""
