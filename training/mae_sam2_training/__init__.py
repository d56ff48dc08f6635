"""Training of MAE-SAM2: masked pre-training, fine-tuning, evaluation, rounds."""
