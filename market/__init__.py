"""Puts the services together: command line, embedded market, demo, audit, verify."""

import os

# Said before grpc is first imported: the processes started here run other programs and never use gRPC themselves.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
