from models.training.refiner.train import main

main()
