"""How often a gate lets strangers in and refuses owners, and how lists find whom they look for."""
