"""The pages of lists: all of a person's lists, one list, its items, its changes, and the view for the shop.

`visit` and `forms` prove who is there and for which household; there is no other way in. `content` reads what the page
of a list shows. `acts` are what its forms do, by the use cases that the tools call as well, and `changes` makes such a
change once, and has it recorded. `live` tells open pages that a list has changed. The other modules have a page each.
"""
