"""What the person at the command line can put right; said in one line, without a trace."""


class Complaint(Exception):  # noqa: N818 - addressed to a person
    """Says what is wrong and what to do."""


class FolderInUse(Complaint):
    """Somebody else holds the folder or the port."""
