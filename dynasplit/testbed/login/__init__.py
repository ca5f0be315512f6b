"""The way to a host, as OpenSSH's client would take it: names, keys of hosts, keys of users."""
