"""The page of notifications: which lists a person hears of, where, when, and in what words."""
