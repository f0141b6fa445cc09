"""SQL of the server (SQLAlchemy Core 2). One file `server.db`, SQLite in WAL mode with synchronous=FULL.

`database` opens it, `schema` names the tables, `leaves` keeps the logs, `alarms`, `facts` and `samples` the rest.
"""
