"""What experiments are made of: daemons, targets, profilers, and looks at them from outside."""
