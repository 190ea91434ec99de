"""What was approved, and how it ends."""
