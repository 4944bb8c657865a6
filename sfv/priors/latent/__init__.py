"""Windows of motion as a few numbers or codes, and back."""
