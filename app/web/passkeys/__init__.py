"""Pages for passkeys.

`questions` is what a browser asks before it asks its person, `sign_in` and `second_step` let people in, `page` is where
they look after their passkeys, and `confirm` asks once more who it is before something that a thief would want to do.
"""
