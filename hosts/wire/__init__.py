"""The protocol between controller and hosts: messages, tensor frames, meter lines, gRPC."""
