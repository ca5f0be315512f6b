"""The protocol between controller and hosts: messages, tensor frames, meter lines, gRPC.

And rules that both sides keep to: of windows, and of what has warmed up.
"""
