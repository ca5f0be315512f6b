"""A network that was made ready: its manifest, its files and the cache that holds them."""
