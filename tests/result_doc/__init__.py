"""Makes the plan's result document, in Korean and English, from the committed runs."""
