"""The records that everybody exchanges: configurations, measurements, traces, events, errors."""
