"""The window on a study: its cases, what is said of them, what is wrong with them."""
