"""Optional extensions. The core is complete without them and never imports them."""
