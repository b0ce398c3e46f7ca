"""Measurements of our parts, each beside a peer in the same run (`make bench BENCH=name`)."""
