"""What is kept: the SQLite database of a home, one store per noun, and outside file formats."""
