"""What measures a configuration: hosts over SSH, recorded runs, or a profile."""
