"""What a policy costs when nothing is wrong."""
