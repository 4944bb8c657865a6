"""The command line: one module per verb, each of which takes a file and writes a file."""
