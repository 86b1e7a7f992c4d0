"""The shared words: records, errors, settings and vocabulary that every layer may use."""
