"""How frames are looked at; none of it reaches the model or a saved label."""
