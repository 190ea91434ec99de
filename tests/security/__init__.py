"""What the service claims about its security, and the tests that prove it."""
