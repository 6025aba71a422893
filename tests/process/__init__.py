"""Claims about jobs in processes of their own."""
