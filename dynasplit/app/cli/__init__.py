"""The command line: words to checked jobs, help, and what the terminal shows."""
