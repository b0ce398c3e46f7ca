"""What each command of ``kredin`` does. Names and options are in ``kredin_pipeline.cli``, rules in the trade below."""
