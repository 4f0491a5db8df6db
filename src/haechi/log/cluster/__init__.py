"""A log in a PostgreSQL database, shared by several processes: see docs/decisions/0049-cluster.md."""
