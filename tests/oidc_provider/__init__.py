"""An OpenID provider for tests: a process of its own that is several issuers, one below each path."""
