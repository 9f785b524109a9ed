"""How fast lecturelib is: against the work that cannot be avoided, and against other libraries. `make bench`."""
