"""The programs that run heads and tails on the hosts, and time them."""
