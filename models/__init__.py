"""What predicts: the model families, how they are measured, and how they are kept."""
