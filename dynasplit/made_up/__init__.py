"""Made-up testbeds whose truth is known, drawn by a seed: searches are judged on them."""
