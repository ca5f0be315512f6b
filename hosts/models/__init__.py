"""Networks: split points, heads and tails, data sets, and the cache of what was prepared."""
