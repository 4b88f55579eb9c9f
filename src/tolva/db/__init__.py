"""PostgreSQL: connections, named queries, migrations, and the embedded server."""
