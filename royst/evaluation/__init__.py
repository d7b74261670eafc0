"""One file a verb. These modules conduct the other parts in the order of the work and calculate nothing themselves."""
