"""Legal documents (rettslige dokumenter): what each states, in which words, and how it looks.

Not here: whether one may be drafted or may leave: what may be drafted of a case, and when, is
``kredin_pipeline.cases.legal_ready``; drafts and signatures are kept by ``kredin_pipeline.journal.legal``.
"""
