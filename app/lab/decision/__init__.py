"""What makes a box a plate: fit the weights of `app.vision.decision` and judge them."""
