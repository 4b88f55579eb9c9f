"""Files that others put into a bucket, which tells of them by a queue of SQS."""
