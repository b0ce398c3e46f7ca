"""The player of the acceptance cases: the whole pipeline, seen from the outside.

`reading` knows the format, `comparing` says what differs, `arrivals` looks where letters and vouchers arrive,
`decisions` is a person at our own interface, `playing` runs a case day by day, `test_cases` is one test per case.
"""
