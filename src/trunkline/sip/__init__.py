"""SIP without I/O: bytes and time in, bytes and events out (RFC 3261 and the RFCs that each module names)."""
