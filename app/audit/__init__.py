"""Who did what: entries that are written when something happens, and sealed into a chain so that changing one shows."""
