"""Work plans of pilot units: submitted, returned or filed."""
