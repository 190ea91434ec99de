"""Requirements without a test: what is done differently on purpose, and what is missing.

They are written as at a test (requirements.py says how). A requirement that a test can show moves to that test.
"""

from typing import Final

UNPROVEN: Final = (
    """as-oidc-rs256 MUST OIDC Discovery 1.0 §3
    An OpenID provider lists RS256 among the ID token algorithms.
    Instead: The document at OpenID's address exists for clients that look there; we are no OpenID provider and issue no
    ID tokens.""",
    """tk-sender-constrained SHOULD RFC 9700 §2.2.1; OAuth 2.1 §1.4.3
    Tokens are bound to their client by DPoP or mutual TLS.
    Instead: Hosts support neither; a token is short-lived and its grant is looked at on each call.""",
    """iv-invitations MUST own rule
    Invitations are random, hashed, short-lived and limited in misses.
    Not yet: There are no invitations yet.""",
    """qu-quarantine SHOULD own rule
    A suspicious grant can be held back, on evidence under its own tokens only.
    Not yet: Nothing is held back.""",
)
