"""The command ``evaluate``: parses, calls, prints. One module a sub-command, imported only when it is called."""
