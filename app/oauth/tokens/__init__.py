"""Authorization codes, access tokens and refresh tokens, and the endpoints where clients use them."""
