"""What lies where in a market's folder."""

OPERATOR_FILE = "operator.json"
TRUST_FILE = "trust.json"
# Only in a stack's folder: what kind of market it is, and where its servers are while it runs.
STACK_FILE = "stack.json"
SERVERS_FILE = "servers.json"
LOGS_FOLDER = "logs"
