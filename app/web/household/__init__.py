"""The page of a person's households: who is in them, what they share with guests, and taking all of it along.

`page` shows it; `forms` are those about members and the household itself, `guests` those about links for guests, and
`transfer` those about archives. `visit` is how other pages find the household they are about.
"""
