"""What standards require of the service's security, and the tests that prove it."""
