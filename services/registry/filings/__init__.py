"""The ledger of filings: each chunk of results decided and numbered once."""
