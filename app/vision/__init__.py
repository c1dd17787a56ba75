"""From bytes to plates: decode, detect, read. No HTTP, no settings object, no global state."""
