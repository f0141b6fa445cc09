"""What alembic runs: the connection is handed over by caseserver.store.database.migrate, or made from a URL
(`alembic -x url=sqlite:///…`) when a developer writes a new migration."""

from alembic import context
from sqlalchemy import create_engine

from caseserver.store.schema import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    connection = create_engine(context.get_x_argument(as_dictionary=True)["url"]).connect()
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
