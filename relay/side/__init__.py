"""Large bodies in processes of their own: what is sent there, the nursery of them, and who asks."""
