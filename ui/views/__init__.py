"""The pages: each reads from a service, shows, and hands a callback one service verb."""
