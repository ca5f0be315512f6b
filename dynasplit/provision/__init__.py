"""Makes bare hosts ready: an environment, packages, and rights that survive a reboot."""
