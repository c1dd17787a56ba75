from models.training.reader.train import main

main()
