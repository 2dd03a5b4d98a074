"""One module per aggregate; one async function per operation."""
