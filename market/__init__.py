"""Puts the services together: command line, embedded market, demo, audit, verify."""
