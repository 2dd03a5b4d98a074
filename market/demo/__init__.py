"""Both headline cases, told over the public HTTP APIs only, each party with its own token."""
