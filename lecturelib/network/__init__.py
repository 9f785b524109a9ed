"""Look into any torch.nn.Module: units, recordings, ReLU rules, receptive fields, batches."""
