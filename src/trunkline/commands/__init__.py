"""What the commands do: options in, exit status out. `cli.py` says what they are called."""
