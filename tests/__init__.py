"""Claims about the program, one room per folder."""
