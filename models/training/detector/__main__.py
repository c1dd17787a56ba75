from models.training.detector.train import main

main()
