"""The pages of recipes: all of a household's, one of them, and the forms that save, put away and delete them."""
