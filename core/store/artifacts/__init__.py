"""Where the files of results lie: in the data folder, in a folder that several PCs share, or in S3."""
