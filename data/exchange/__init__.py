"""Outside file formats, one module each, both directions."""
