"""The command line: one file a command, each of which takes the parsed options and returns an exit code."""
