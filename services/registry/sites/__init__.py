"""Sites of the units: places where exams are held, what fits them, and their equipment."""
