"""Cards of assessors and supervisors: issued, renewed, suspended, graded, lapsed, revoked."""
