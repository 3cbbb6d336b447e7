"""The migration service: batches, their users, what becomes of them with time, and why they fail."""
