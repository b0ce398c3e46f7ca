"""What a table must be like to be believed: one registry, counted in SQL and named by pandera."""
