"""What wear, light, place and camera make of a plate."""
