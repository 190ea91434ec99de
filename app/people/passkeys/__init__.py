"""Passkeys (WebAuthn): what browsers are asked for, what they answer, and what is kept of it.

`ceremonies` is the standard, `challenges` who may answer what, and `keeping` what a person has.
"""
