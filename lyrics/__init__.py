"""Words of songs: where they come from, what they are like."""
