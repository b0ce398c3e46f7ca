"""Alembic's scripts for the journal. They are run by ``kredin_pipeline.journal.migrate``, never from a shell."""
