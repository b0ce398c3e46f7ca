"""What Alembic runs: the migrations on the connection it is handed, inside that connection's transaction."""

from alembic import context

from kredin_pipeline.journal.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
