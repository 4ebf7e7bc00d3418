"""What a run leaves on disk: series, checkpoints, summaries."""
