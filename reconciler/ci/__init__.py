"""What a pull request needs of its host: one comment that is kept, a job's summary, annotations, digests."""
