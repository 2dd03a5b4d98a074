"""Production's shape on one machine: real servers, and a process for each service's API and worker."""
