"""MAE-SAM2: architectures, checkpoints, embeddings, predictor."""
