"""The audit record: who did what, through which client and with what outcome, in a chain that shows every change."""
