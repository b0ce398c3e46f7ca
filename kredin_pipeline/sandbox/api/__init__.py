"""PowerOffice Go API v2 over HTTP: protocol, rows, routes. Written from the reference, not from our client."""
