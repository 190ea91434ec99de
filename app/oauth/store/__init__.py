"""SQL of the authorization server, a file per table family."""
