"""The `vbs` command: the composition root for people."""
