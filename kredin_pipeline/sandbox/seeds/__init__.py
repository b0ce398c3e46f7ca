"""Ready-made worlds: a credible company, a company's own SAF-T file, a company of any size.

A seed posts through the company's own methods, so that what it makes obeys the same rules as what people do later. No
wall clock and no outside randomness: the same arguments give the same ledger.
"""
