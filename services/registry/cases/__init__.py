"""Cases: certificates that lost what they rest on, decided on one by one and never silently."""
