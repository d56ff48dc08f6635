"""What the grader is doing now: prompts, proposal, history, commit. No Qt."""
